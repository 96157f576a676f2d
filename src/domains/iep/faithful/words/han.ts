/** Common characters that are written in two ways, the traditional form before the simplified one. */
const pairs = `
  們们 這这 個个 來来 說说 時时 會会 學学 習习 對对 國国 為为 過过 還还 後后 從从 沒没 開开 點点 間间 問问 題题 長长 師师 課课 語语 言言 讀读
  寫写 書书 聽听 聲声 話话 試试 評评 計计 劃划 畫画 標标 準准 達达 數数 總总 績绩 級级 組组 線线 經经 給给 結结 續续 練练 緒绪 職职 業业 務务
  療疗 醫医 護护 員员 專专 報报 導导 協协 調调 團团 實实 際际 現现 發发 動动 運运 進进 遠远 選选 適适 遲迟 應应 當当 態态 愛爱 懷怀 樂乐
  歡欢 興兴 親亲 見见 覺觉 觀观 視视 規规 體体 礙碍 殘残 疾疾 測测 驗验 資资 質质 負负 責责 費费 贊赞 讓让 議议 認认 識识 記记 詞词 訴诉
  請请 該该 誰谁 課课 論论 設设 許许 譯译 證证 變变 東东 車车 輔辅 輪轮 轉转 較较 幫帮 帶带 歲岁 歷历 曆历 關关 閱阅 門门 隊队 階阶 陽阳
  險险 難难 離离 雙双 雖虽 電电 頁页 項项 須须 順顺 預预 領领 頭头 顏颜 願愿 類类 顧顾 題题 額额 飯饭 飲饮 館馆 馬马 驚惊 環环 獨独 獲获
  獎奖 產产 畢毕 異异 盡尽 監监 盤盘 眾众 確确 碼码 禮礼 積积 穩稳 筆笔 節节 範范 築筑 簡简 簽签 籃篮 糧粮 紀纪 約约 紅红 純纯 紙纸 細细
  終终 統统 絕绝 維维 網网 綠绿 緊紧 編编 緩缓 縮缩 縱纵 織织 繪绘 繼继 罰罚 羅罗 義义 聯联 聰聪 聞闻 肅肃 腦脑 腳脚 臉脸 臨临 舉举 舊旧
  藝艺 藥药 蘇苏 處处 號号 蟲虫 衛卫 補补 裝装 製制 複复 訂订 訓训 詢询 詳详 誌志 誤误 誦诵 謝谢 講讲 謂谓 豐丰 貝贝 財财 貨货 貼贴 貴贵
  買买 賀贺 賣卖 賴赖 購购 趙赵 跡迹 踐践 蹤踪 軟软 農农 邊边 連连 週周 遊游 違违 遞递 遺遗 鄉乡 醒醒 釋释 鈴铃 銀银 銳锐 錄录 錢钱 錯错
  鍛锻 鍵键 鐘钟 鐵铁 長长 閉闭 閒闲 閃闪 陳陈 陸陆 隨随 隱隐 雜杂 雲云 靈灵 靜静 韓韩 響响 頓顿 頻频 顯显 風风 養养 餘余 駕驾 騎骑 騰腾
  驟骤 鬆松 鬧闹 魚鱼 鳥鸟 鮮鲜 麗丽 麥麦 黃黄 黨党 齊齐 齡龄 並并 亞亚 傳传 傷伤 備备 傾倾 僅仅 價价 優优 儀仪 億亿 兒儿 內内 兩两 冊册
  凍冻 別别 則则 創创 劇剧 劉刘 勁劲 勞劳 勢势 勵励 勸劝 區区 華华 單单 廠厂 歷历 參参 號号 吳吴 員员 喚唤 喪丧 嗎吗 嚴严 圍围 園园 圓圆
  圖图 場场 塊块 壓压 壞坏 壯壮 夾夹 奪夺 奮奋 婦妇 媽妈 孫孙 寧宁 審审 寬宽 尋寻 將将 屬属 島岛 帳帐 幣币 幹干 幾几 廣广 廳厅 張张 強强
  彈弹 徑径 復复 徵征 德德 憂忧 憑凭 憶忆 戰战 戲戏 戶户 執执 掛挂 採采 換换 揮挥 損损 搖摇 擁拥 擇择 擊击 擔担 據据 擴扩 擺摆 攝摄 敵敌
  斷断 於于 無无 舉举 曉晓 暫暂 書书 條条 楊杨 構构 槍枪 樣样 樓楼 橋桥 機机 檔档 檢检 檻槛 權权 歐欧 歸归 殺杀 決决 況况 淚泪 淨净 減减
  溝沟 溫温 滅灭 滿满 漢汉 漸渐 潔洁 潛潜 濟济 濕湿 災灾 煩烦 熱热 燈灯 燒烧 營营 爭争 爺爷 爾尔 狀状 猶犹 獻献 瑪玛 與与 臺台 萬万 葉叶
  蓋盖 蔣蒋 藍蓝 術术 衝冲 囑嘱 屆届 務务 勻匀 莊庄 軍军 輕轻 載载 輸输 辦办 辭辞 遷迁 鄰邻 針针 鎖锁 鏡镜 閣阁 陣阵 際际 韻韵 顆颗 餐餐
  `
  .trim()
  .split(/\s+/)
  .map((pair): [string, string] => {
    const [traditional = '', simplified = ''] = Array.from(pair)
    return [traditional, simplified]
  })
  .filter(([traditional, simplified]) => traditional !== simplified)

export const simplifiedOnly: ReadonlySet<string> = new Set(pairs.map(([, simplified]) => simplified))

/** Written so only where characters are not simplified. */
export const traditionalOnly: ReadonlySet<string> = new Set(
  pairs.map(([traditional]) => traditional).filter((character) => !simplifiedOnly.has(character)),
)
