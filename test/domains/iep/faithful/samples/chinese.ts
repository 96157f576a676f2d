import type { Content } from '../../../../../src/domains/iep/content.ts'

/** A faithful translation of the English sample into simplified Chinese. */
export const chinese: Content = {
  summary: `Ada 今年9岁，在 Juniper Elementary School 上四年级。她有特定学习障碍和言语或语言障碍。她的 IEP 写于2026年3月12日，下一次年度审查最迟在2027年3月11日进行。

学校每周为 Ada 提供180分钟的专门学业教学（每次45分钟，每周4次）、60分钟的言语治疗和30分钟的职能治疗。她正在学习阅读、/r/ 音和数学应用题。2026年夏天，从6月15日到7月10日，她每天还会得到120分钟的阅读教学。`,
  summaryPages: [1, 5, 6, 7, 8, 9],
  sections: [
    {
      key: 'presentLevels',
      title: '目前水平',
      content: `**阅读：** 2026年1月14日，Ada 阅读三年级课文，每分钟读58个词，准确率为91%。秋天时她读了46个词。她的教学水平是2.5。

**写作：** 她看图能写3到4个句子，4分中得了1.5分。

**数学：** 她解一步应用题的准确率是80%，解两步应用题的准确率是35%（20题中答对7题）。

| 测验（Woodcock-Johnson IV） | 标准分数 | 百分位 |
| --- | --- | --- |
| 阅读总分（Broad Reading） | 78 | 7 |
| 数学总分（Broad Mathematics） | 89 | 23 |
| 书面语言总分（Broad Written Language） | 82 | 12 |

**言语：** Nguyen 女士在2026年2月测试了 Ada。Ada 在10次尝试中有9次能听从两步指令，在10次尝试中有5次能听从三步指令。她在百分之四十的词中能正确地发出 /r/。

**其他方面：**

- Ada 手写8分钟后就会累。
- 学习任务难的时候，她每天大约要求休息三次。
- 她在2025年9月15日通过了视力和听力检查。
- Hopper 女士说，作业每晚最多要花一个半小时。`,
      found: true,
      pages: [3, 4],
    },
    {
      key: 'eligibility',
      title: '资格',
      content: `Ada 因为特定学习障碍和言语或语言障碍而有资格。她在2022年10月9日首次被认定有资格。

Priya Natarajan 博士发现推理（98）和基础阅读（74）之间相差24分。规定要求22.5分。`,
      found: true,
      pages: [2, 5],
    },
    {
      key: 'placement',
      title: '教育安置',
      content: `Ada 有84%的时间在普通班，16%的时间在普通班以外。团队考虑过特殊日间班。他们决定不这样做，因为 Ada 在不超过6名学生的小组里有进步。`,
      found: true,
      pages: [10],
    },
    {
      key: 'goals',
      title: '目标',
      content: `1. **阅读流利度：** 到2027年3月11日，Ada 阅读四年级课文时，每分钟能读90个词，准确率达到95%，5次尝试中有4次做到。用每周的计时阅读来衡量。由 Marisol Vega-Ruiz 负责。
   - 到2026年6月12日：每分钟66个词
   - 到2026年11月20日：每分钟78个词
2. **发音：** 到2027年3月11日，Ada 在谈话中说 /r/ 的准确率达到80%至90%，连续3节课做到。由 Thuy Nguyen 负责。
3. **数学应用题：** 到2027年3月11日，Ada 解两步应用题的准确率达到80%，5次尝试中的4次做到。她的起点是35%。

进展情况每季度随成绩单报告。`,
      found: true,
      pages: [6, 7],
    },
    {
      key: 'services',
      title: '服务',
      content: `| 服务 | 多少 | 地点 | 开始 | 结束 |
| --- | --- | --- | --- | --- |
| 专门学业教学 | 每次45分钟，每周4次（每周180分钟） | 资源教室 | 2026年3月12日 | 2027年3月11日 |
| 言语治疗 | 30分钟，每周两次（每周60分钟） | 治疗室 | 2026年3月12日 | 2027年3月11日 |
| 职能治疗 | 三十分钟，每周一次 | 教室 | 2026年3月19日 | 2027年3月11日 |
| 夏季阅读教学 | 每天120分钟 | 12号教室 | 2026年6月15日 | 2026年7月10日 |

特殊教育教师每月与班级教师交谈20分钟，心理学家每月与团队交谈15分钟。Ada 早上7点35分乘坐普通校车。`,
      found: true,
      pages: [8, 9],
    },
    {
      key: 'accommodations',
      title: '便利措施',
      content: `- 考试延长时间：多50%
- 座位离老师不超过6英尺
- 每写作20分钟后休息3分钟
- 超过200个词的文章使用文字转语音
- 重复并缩短指令`,
      found: true,
      pages: [11],
    },
    {
      key: 'informedConsent',
      title: '知情同意',
      content: `家长在2026年3月2日收到了程序保障说明。Grace Hopper 同意整个 IEP，并在2026年3月16日签字。学区将在30天内寄送西班牙语译本。`,
      found: true,
      pages: [12],
    },
    {
      key: 'keyPeople',
      title: '主要人员',
      content: `| 姓名 | 身份 |
| --- | --- |
| Grace Hopper | 母亲 |
| Linus Lovelace | 父亲 |
| Marisol Vega-Ruiz | 特殊教育教师和个案负责人 |
| Kevin O'Brien | 普通教育教师 |
| Priya Natarajan 博士 | 学校心理学家 |
| Thuy Nguyen | 言语语言病理学家 |
| J. Whitfield | 学区代表 |`,
      found: true,
      pages: [1, 2],
    },
    {
      key: 'strengths',
      title: '优势',
      content: `Ada 好奇、善良、有毅力。她喜欢鸟、地图和搭积木。O'Brien 先生说，她总是第一个帮助新同学的人。100道乘法题中她会88道。`,
      found: true,
      pages: [5],
    },
  ],
}
