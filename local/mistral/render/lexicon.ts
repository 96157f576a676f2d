import type { Language } from '../language.ts'

export type Foreign = Exclude<Language, 'en'>

/** The months, in the order of the year; January is 1. */
export const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

export const spanishMonths = [
  'enero',
  'febrero',
  'marzo',
  'abril',
  'mayo',
  'junio',
  'julio',
  'agosto',
  'septiembre',
  'octubre',
  'noviembre',
  'diciembre',
]

type Entry = readonly [english: string, es: string, zh: string, vi: string]

/** What is counted: behind a number. */
const units: readonly Entry[] = [
  ['minutes', 'minutos', '分钟', 'phút'],
  ['minute', 'minuto', '分钟', 'phút'],
  ['mins', 'minutos', '分钟', 'phút'],
  ['min', 'minutos', '分钟', 'phút'],
  ['hours', 'horas', '小时', 'giờ'],
  ['hour', 'hora', '小时', 'giờ'],
  ['hrs', 'horas', '小时', 'giờ'],
  ['school days', 'días escolares', '个上学日', 'ngày học'],
  ['days', 'días', '天', 'ngày'],
  ['day', 'día', '天', 'ngày'],
  ['weeks', 'semanas', '周', 'tuần'],
  ['week', 'semana', '周', 'tuần'],
  ['months', 'meses', '个月', 'tháng'],
  ['month', 'mes', '个月', 'tháng'],
  ['years', 'años', '年', 'năm'],
  ['year', 'año', '年', 'năm'],
  ['times', 'veces', '次', 'lần'],
  ['time', 'vez', '次', 'lần'],
  ['sessions', 'sesiones', '节', 'buổi'],
  ['session', 'sesión', '节', 'buổi'],
  ['trials', 'intentos', '次', 'lần'],
  ['opportunities', 'oportunidades', '次', 'lần'],
  ['words', 'palabras', '个单词', 'từ'],
  ['sentences', 'oraciones', '个句子', 'câu'],
  ['paragraphs', 'párrafos', '个段落', 'đoạn văn'],
  ['problems', 'problemas', '道题', 'bài toán'],
  ['percent', 'por ciento', '%', 'phần trăm'],
  ['percentile', 'percentil {n}', '百分位第{n}', 'bách phân vị thứ {n}'],
  ['grade', '{n}.º grado', '{n}年级', 'lớp {n}'],
  ['grader', '{n}.º grado', '{n}年级', 'lớp {n}'],
  ['years old', 'años', '岁', 'tuổi'],
  ['year old', 'años', '岁', 'tuổi'],
  ['x', 'x', 'x', 'x'],
  ['seconds', 'segundos', '秒', 'giây'],
  ['points', 'puntos', '分', 'điểm'],
  ['students', 'estudiantes', '名学生', 'học sinh'],
  ['pages', 'páginas', '页', 'trang'],
]

/** How often. */
const rates: readonly Entry[] = [
  ['per minute', 'por minuto', '每分钟', 'mỗi phút'],
  ['per hour', 'por hora', '每小时', 'mỗi giờ'],
  ['per day', 'por día', '每天', 'mỗi ngày'],
  ['a day', 'por día', '每天', 'mỗi ngày'],
  ['each day', 'por día', '每天', 'mỗi ngày'],
  ['daily', 'por día', '每天', 'mỗi ngày'],
  ['per week', 'por semana', '每周', 'mỗi tuần'],
  ['a week', 'por semana', '每周', 'mỗi tuần'],
  ['each week', 'por semana', '每周', 'mỗi tuần'],
  ['weekly', 'por semana', '每周', 'mỗi tuần'],
  ['per month', 'por mes', '每月', 'mỗi tháng'],
  ['a month', 'por mes', '每月', 'mỗi tháng'],
  ['each month', 'por mes', '每月', 'mỗi tháng'],
  ['monthly', 'por mes', '每月', 'mỗi tháng'],
  ['per year', 'por año', '每年', 'mỗi năm'],
  ['annually', 'por año', '每年', 'mỗi năm'],
  ['per session', 'por sesión', '每节', 'mỗi buổi'],
  ['per quarter', 'por trimestre', '每季度', 'mỗi quý'],
]

/** The matters these documents are about. */
const matters: readonly Entry[] = [
  [
    'present levels of academic achievement and functional performance',
    'niveles actuales de rendimiento',
    '目前的学业和功能表现水平',
    'trình độ học tập và chức năng hiện tại',
  ],
  ['present levels', 'niveles actuales', '目前水平', 'trình độ hiện tại'],
  [
    'individualized education program',
    'programa de educación individualizado',
    '个别化教育计划',
    'chương trình giáo dục cá nhân hóa',
  ],
  [
    'least restrictive environment',
    'entorno menos restrictivo',
    '最少限制环境',
    'môi trường ít hạn chế nhất',
  ],
  ['special education', 'educación especial', '特殊教育', 'giáo dục đặc biệt'],
  ['general education', 'educación general', '普通教育', 'giáo dục phổ thông'],
  [
    'specific learning disability',
    'discapacidad específica de aprendizaje',
    '特定学习障碍',
    'khuyết tật học tập đặc thù',
  ],
  ['informed consent', 'consentimiento informado', '知情同意', 'sự đồng ý sau khi được thông báo'],
  ['key people', 'personas clave', '关键人员', 'những người chủ chốt'],
  ['extended time', 'tiempo adicional', '延长时间', 'thêm thời gian'],
  ['speech therapy', 'terapia del habla', '言语治疗', 'trị liệu ngôn ngữ'],
  ['speech', 'habla', '言语', 'lời nói'],
  ['occupational therapy', 'terapia ocupacional', '职业治疗', 'trị liệu hoạt động'],
  ['physical therapy', 'fisioterapia', '物理治疗', 'vật lý trị liệu'],
  ['school psychologist', 'psicólogo escolar', '学校心理学家', 'nhà tâm lý học đường'],
  ['case manager', 'responsable del caso', '个案负责人', 'người quản lý hồ sơ'],
  ['disability', 'discapacidad', '残疾', 'khuyết tật'],
  ['eligibility', 'elegibilidad', '资格', 'điều kiện hưởng dịch vụ'],
  ['eligible', 'elegible', '符合资格', 'đủ điều kiện'],
  ['placement', 'ubicación', '安置', 'sự sắp xếp lớp học'],
  ['accommodations', 'adaptaciones', '调整措施', 'các điều chỉnh hỗ trợ'],
  ['services', 'servicios', '服务', 'các dịch vụ'],
  ['service', 'servicio', '服务', 'dịch vụ'],
  ['goals', 'metas', '目标', 'các mục tiêu'],
  ['goal', 'meta', '目标', 'mục tiêu'],
  ['objective', 'objetivo', '短期目标', 'mục tiêu'],
  ['section', 'sección', '部分', 'phần'],
  ['page', 'página', '页', 'trang'],
  ['strengths', 'fortalezas', '优势', 'các điểm mạnh'],
  ['consent', 'consentimiento', '同意', 'sự đồng ý'],
  ['summary', 'resumen', '摘要', 'bản tóm tắt'],
  ['reading', 'lectura', '阅读', 'việc đọc'],
  ['reads', 'lectura', '阅读', 'việc đọc'],
  ['read', 'lectura', '阅读', 'việc đọc'],
  ['writing', 'escritura', '写作', 'việc viết'],
  ['writes', 'escritura', '写作', 'việc viết'],
  ['write', 'escritura', '写作', 'việc viết'],
  ['mathematics', 'matemáticas', '数学', 'môn toán'],
  ['math', 'matemáticas', '数学', 'môn toán'],
  ['language', 'lenguaje', '语言', 'ngôn ngữ'],
  ['teachers', 'docentes', '教师', 'các giáo viên'],
  ['teacher', 'docente', '教师', 'giáo viên'],
  ['parents', 'padres', '家长', 'cha mẹ'],
  ['parent', 'padre o madre', '家长', 'phụ huynh'],
  ['mother', 'madre', '母亲', 'mẹ'],
  ['father', 'padre', '父亲', 'cha'],
  ['student', 'estudiante', '学生', 'học sinh'],
  ['school', 'escuela', '学校', 'trường học'],
  ['classroom', 'salón de clases', '教室', 'lớp học'],
  ['class', 'clase', '班级', 'lớp'],
  ['meeting', 'reunión', '会议', 'cuộc họp'],
  ['team', 'equipo', '团队', 'nhóm'],
  ['assessment', 'evaluación', '评估', 'bài đánh giá'],
  ['evaluation', 'evaluación', '评估', 'bài đánh giá'],
  ['progress', 'progreso', '进步', 'sự tiến bộ'],
  ['accuracy', 'precisión', '准确率', 'độ chính xác'],
  ['frequency', 'frecuencia', '频率', 'tần suất'],
  ['location', 'lugar', '地点', 'địa điểm'],
  ['provider', 'proveedor', '提供者', 'người cung cấp'],
  ['name', 'nombre', '姓名', 'tên'],
  ['role', 'función', '职责', 'vai trò'],
  ['date', 'fecha', '日期', 'ngày'],
  ['behavior', 'conducta', '行为', 'hành vi'],
  ['attention', 'atención', '注意力', 'sự chú ý'],
  ['friends', 'amistades', '朋友', 'bạn bè'],
  ['grade', 'grado', '年级', 'lớp'],
  ['test', 'examen', '考试', 'bài kiểm tra'],
  ['tests', 'exámenes', '考试', 'các bài kiểm tra'],
  ['home', 'casa', '家', 'nhà'],
  ['therapist', 'terapeuta', '治疗师', 'nhà trị liệu'],
  ['principal', 'director', '校长', 'hiệu trưởng'],
]

const column: Record<Foreign, 1 | 2 | 3> = { es: 1, zh: 2, vi: 3 }

/** Looks up a word or phrase, whatever its case. */
export const unit = (english: string, language: Foreign): string | undefined =>
  lookUp(units, english, language)
export const rate = (english: string, language: Foreign): string | undefined =>
  lookUp(rates, english, language)
export const matter = (english: string, language: Foreign): string | undefined =>
  lookUp(matters, english, language)

export const unitPattern = alternatives(units)
export const ratePattern = alternatives(rates)
export const matterPattern = alternatives(matters)

function lookUp(entries: readonly Entry[], english: string, language: Foreign): string | undefined {
  const plain = english.toLowerCase().replaceAll(/[\s-]+/g, ' ')
  return entries.find((entry) => entry[0] === plain)?.[column[language]]
}

/** Longest first, so that a phrase is found before its words. */
function alternatives(entries: readonly Entry[]): string {
  const phrases = entries.map(([english]) => english).sort((a, b) => b.length - a.length)
  return phrases.map((phrase) => phrase.replaceAll(' ', String.raw`[\s-]+`)).join('|')
}
