import type { Content } from '../../../../../src/domains/iep/content.ts'

/** A faithful translation of the English sample into Vietnamese. */
export const vietnamese: Content = {
  summary: `Ada 9 tuổi và học lớp 4 tại trường Juniper Elementary School. Em có khuyết tật học tập cụ thể và khiếm khuyết về lời nói hoặc ngôn ngữ. IEP của em được viết vào ngày 12 tháng 3 năm 2026, và lần xem xét hằng năm kế tiếp phải diễn ra trước ngày 11 tháng 3 năm 2027.

Mỗi tuần nhà trường cho Ada 180 phút giảng dạy học thuật chuyên biệt (45 phút, 4 lần mỗi tuần), 60 phút trị liệu lời nói và 30 phút trị liệu chức năng. Em học đọc, âm /r/ và toán đố. Vào mùa hè năm 2026, em cũng được học đọc 120 phút mỗi ngày từ ngày 15 tháng 6 đến ngày 10 tháng 7.`,
  summaryPages: [1, 5, 6, 7, 8, 9],
  sections: [
    {
      key: 'presentLevels',
      title: 'Mức độ hiện tại',
      content: `**Đọc:** Vào ngày 14 tháng 1 năm 2026, Ada đọc 58 từ mỗi phút trong một bài lớp ba, với độ chính xác 91%. Vào mùa thu em đọc được 46 từ. Trình độ giảng dạy của em là 2.5.

**Viết:** Em viết 3 đến 4 câu về một bức tranh và đạt 1,5 trên 4 điểm.

**Toán:** Em giải toán đố một bước với độ chính xác 80% và toán đố hai bước với độ chính xác 35% (7 trên 20).

| Bài kiểm tra (Woodcock-Johnson IV) | Điểm chuẩn | Bách phân vị |
| --- | --- | --- |
| Đọc tổng quát (Broad Reading) | 78 | 7 |
| Toán tổng quát (Broad Mathematics) | 89 | 23 |
| Ngôn ngữ viết tổng quát (Broad Written Language) | 82 | 12 |

**Lời nói:** Cô Nguyen đã kiểm tra Ada vào tháng 2 năm 2026. Ada làm theo chỉ dẫn hai bước trong 9 trên 10 lần thử và chỉ dẫn ba bước trong 5 trên 10 lần thử. Em phát âm /r/ đúng trong 40 phần trăm số từ.

**Các lĩnh vực khác:**

- Ada mệt sau 8 phút viết tay.
- Em xin nghỉ giải lao khoảng ba lần một ngày khi bài khó.
- Em đã qua kỳ kiểm tra thị lực và thính lực vào ngày 15 tháng 9 năm 2025.
- Bà Hopper nói rằng bài tập về nhà mất đến một tiếng rưỡi mỗi tối.`,
      found: true,
      pages: [3, 4],
    },
    {
      key: 'eligibility',
      title: 'Điều kiện được hưởng dịch vụ',
      content: `Ada hội đủ điều kiện vì khuyết tật học tập cụ thể và khiếm khuyết về lời nói hoặc ngôn ngữ. Em được xác định hội đủ điều kiện lần đầu vào ngày 9 tháng 10 năm 2022.

Tiến sĩ Priya Natarajan nhận thấy sự khác biệt 24 điểm giữa khả năng suy luận (98) và đọc cơ bản (74). Quy định đòi hỏi 22,5 điểm.`,
      found: true,
      pages: [2, 5],
    },
    {
      key: 'placement',
      title: 'Nơi học được sắp xếp',
      content: `Ada ở trong lớp thường 84% thời gian và ở ngoài lớp thường 16% thời gian. Nhóm đã xem xét một lớp đặc biệt cả ngày. Nhóm quyết định không chọn vì Ada tiến bộ trong một nhóm không quá 6 học sinh.`,
      found: true,
      pages: [10],
    },
    {
      key: 'goals',
      title: 'Mục tiêu',
      content: `1. **Đọc trôi chảy:** Đến ngày 11 tháng 3 năm 2027, Ada sẽ đọc 90 từ mỗi phút trong một bài lớp 4 với độ chính xác 95% trong 4 trên 5 lần thử. Điều này được đo bằng các bài đọc tính giờ hàng tuần. Marisol Vega-Ruiz chịu trách nhiệm.
   - Đến ngày 12 tháng 6 năm 2026: 66 từ mỗi phút
   - Đến ngày 20 tháng 11 năm 2026: 78 từ mỗi phút
2. **Phát âm:** Đến ngày 11 tháng 3 năm 2027, Ada sẽ nói /r/ trong trò chuyện với độ chính xác từ 80% đến 90% trong 3 buổi. Thuy Nguyen chịu trách nhiệm.
3. **Toán đố:** Đến ngày 11 tháng 3 năm 2027, Ada sẽ giải toán đố hai bước với độ chính xác 80% trong 4 trên 5 lần thử. Em bắt đầu ở mức 35%.

Tiến bộ được báo cáo mỗi quý cùng với học bạ.`,
      found: true,
      pages: [6, 7],
    },
    {
      key: 'services',
      title: 'Dịch vụ',
      content: `| Dịch vụ | Bao nhiêu | Ở đâu | Từ | Đến |
| --- | --- | --- | --- | --- |
| Giảng dạy học thuật chuyên biệt | 45 phút, 4 lần mỗi tuần (180 phút mỗi tuần) | Phòng hỗ trợ | 12 tháng 3, 2026 | 11 tháng 3, 2027 |
| Trị liệu lời nói | 30 phút, hai lần một tuần (60 phút mỗi tuần) | Phòng trị liệu | 12/3/2026 | 11/3/2027 |
| Trị liệu chức năng | ba mươi phút, mỗi tuần một lần | Lớp học | ngày 19 tháng 3 năm 2026 | ngày 11 tháng 3 năm 2027 |
| Học đọc vào mùa hè | 120 phút mỗi ngày | Phòng 12 | ngày 15 tháng 6 năm 2026 | ngày 10 tháng 7 năm 2026 |

Chuyên viên giáo dục trao đổi với giáo viên 20 phút mỗi tháng, và chuyên viên tâm lý trao đổi với nhóm 15 phút mỗi tháng. Ada đi xe buýt thường lúc 7 giờ 35 sáng.`,
      found: true,
      pages: [8, 9],
    },
    {
      key: 'accommodations',
      title: 'Điều chỉnh hỗ trợ',
      content: `- Thêm thời gian khi làm bài kiểm tra: nhiều hơn 50%
- Chỗ ngồi cách giáo viên không quá 6 feet
- Nghỉ giải lao 3 phút sau mỗi 20 phút viết
- Chuyển văn bản thành giọng nói cho các bài dài hơn 200 từ
- Lặp lại và rút ngắn chỉ dẫn`,
      found: true,
      pages: [11],
    },
    {
      key: 'informedConsent',
      title: 'Sự đồng ý sau khi được giải thích',
      content: `Cha mẹ đã nhận các biện pháp bảo vệ quyền lợi vào ngày 2 tháng 3 năm 2026. Grace Hopper đồng ý với toàn bộ IEP và ký tên vào ngày 16 tháng 3 năm 2026. Học khu sẽ gửi bản dịch tiếng Tây Ban Nha trong vòng 30 ngày.`,
      found: true,
      pages: [12],
    },
    {
      key: 'keyPeople',
      title: 'Những người chính',
      content: `| Tên | Vai trò |
| --- | --- |
| Grace Hopper | Mẹ |
| Linus Lovelace | Cha |
| Marisol Vega-Ruiz | Chuyên viên giáo dục và người phụ trách hồ sơ |
| Kevin O'Brien | Giáo viên giáo dục phổ thông |
| Tiến sĩ Priya Natarajan | Chuyên viên tâm lý của trường |
| Thuy Nguyen | Chuyên viên bệnh lý lời nói và ngôn ngữ |
| J. Whitfield | Đại diện học khu |`,
      found: true,
      pages: [1, 2],
    },
    {
      key: 'strengths',
      title: 'Điểm mạnh',
      content: `Ada tò mò, tốt bụng và kiên trì. Em thích chim, bản đồ và xếp hình khối. Thầy O'Brien nói rằng em là người đầu tiên giúp bạn mới. Em thuộc 88 trên 100 phép nhân.`,
      found: true,
      pages: [5],
    },
  ],
}
