import type { HiddenKind } from './spans.ts'

/** What a form calls the things that are to be hidden, in English and Spanish, and the main words in Chinese and Vietnamese. */
export interface Label {
  kind: HiddenKind
  /** What it looks like, to be found anywhere. */
  pattern: string
  /** How the value after it is to be read, where the kind leaves a choice. */
  value?: 'zip' | 'long-id'
  /** Capitals count: `CIN`, not `cin`. */
  exact?: true
}

const tail = '(?: {0,3}(?:number|no\\b\\.?|num\\b\\.?|n[úu]mero|code|#))?'
const notInWord = '(?<!\\p{L})'
/** A number may follow at once, as reading a scan leaves it. */
const wordEnd = '(?!\\p{L})'
/** `ID`, `I.D. No.`, `Number`, `#`. */
const numberWord = `(?:(?:i\\.? ?d\\.?|identification|identifier)${wordEnd}${tail}|(?:number|no|num|nbr)${wordEnd}\\.?|#)`
const whose =
  'student|pupil|learner|child|state assigned student|statewide student|unique student|unique client|state|statewide|district|local|school|perm|permanent|client|case|file|member|medicaid|medi-?cal|masshealth|mass health|medicare|recipient|beneficiary|insurance|policy|subscriber|patient|medical record|health record|record|(?<!(?:hundreds?|hundred.s|numbers?|place value|bar|flip|anchor|behaviou?r) )chart|account|unique|aeries|powerschool|calpads|seis|sis|regional center|lunch|enrol?lment'

export const labels: Label[] = [
  {
    kind: 'ssn',
    pattern: `${notInWord}(?:social security|seguro social)${wordEnd}(?: card)?${tail}|${notInWord}(?:s\\.? ?s\\.? ?n|itin|nss)${wordEnd}\\.?${tail}|${notInWord}ss ?#`,
  },
  {
    kind: 'phone',
    pattern: `${notInWord}(?:tele)?(?:phone|fax)s?${wordEnd}${tail}|${notInWord}(?:tel|ph|cell?|cellular|mobile|tty|tdd|tel[ée]fono|celular|m[óo]vil)${wordEnd}\\.?${tail}|(?:电话|手机|传真)(?:号码?)?|điện thoại`,
  },
  {
    kind: 'email',
    pattern: `${notInWord}(?:e-?mail|correo(?: electr[óo]nico)?)${wordEnd}(?: address)?|邮箱|电子邮件|thư điện tử`,
  },
  {
    kind: 'address',
    value: 'zip',
    pattern: `${notInWord}(?:zip(?:[ -]?code)?|postal code|c[óo]digo postal|c\\.p\\.)${wordEnd}|邮编|mã bưu chính`,
  },
  {
    kind: 'id',
    pattern: `${notInWord}(?:${whose})(?:['’]?s)?(?: (?:student|state|district|local|school))?[ /]{1,3}${numberWord}`,
  },
  {
    kind: 'id',
    pattern: `${notInWord}(?:n[úu]mero|no\\.|n[úu]m\\.|nº|n\\.º|id|identificaci[óo]n|c[óo]digo|matr[íi]cula|clave|expediente)(?: de)?(?: identificaci[óo]n)?(?: del| de la| de)? {1,3}(?:estudiante|alumn[oa]|caso|expediente|distrito|estado|identificaci[óo]n|medicaid|medi-?cal|seguro m[ée]dico)${wordEnd}${tail}|${notInWord}(?:matr[íi]cula|expediente)${wordEnd}${tail}|${notInWord}(?:id(?:entificaci[óo]n)?|n[úu]mero|n[úu]m\\.|no\\.) estudiantil${wordEnd}${tail}|学生 ?id(?:号码?)?|学籍号|学号|学生证号|学生编号|个案编号|mã số học sinh|mã học sinh`,
  },
  {
    kind: 'id',
    pattern: `${notInWord}(?:ssid|sasid|lasid|csis|calpads)${wordEnd}${tail}`,
  },
  {
    kind: 'id',
    value: 'long-id',
    pattern: `${notInWord}(?:medicaid|medi-?cal|masshealth|medicare)${wordEnd}${tail}`,
  },
  // In one word, as exports of databases have it.
  {
    kind: 'id',
    pattern: `${notInWord}(?:student|pupil|learner|child|perm|permanent|local|district|state|school|member|client|patient|case|medicaid|unique)id${wordEnd}${tail}`,
  },
  // As a scan is read; small letters would make it the `LD` of a learning disability.
  {
    kind: 'id',
    exact: true,
    value: 'long-id',
    pattern: `${notInWord}(?:[Ss]tudent|STUDENT|[Ss]tate|STATE|[Ll]ocal|LOCAL|[Dd]istrict|DISTRICT|[Pp]erm|PERM|[Mm]ember) {1,3}(?:1|l|\\|)D${wordEnd}${tail}`,
  },
  {
    kind: 'id',
    exact: true,
    value: 'long-id',
    pattern: `${notInWord}(?:STN|SID|UIC|MARSS|MOSIS|OSIS|TSDS|NYSSIS|GTID|M\\.?R\\.?(?= ?#))${wordEnd}${tail}`,
  },
  {
    kind: 'id',
    value: 'long-id',
    pattern: `${notInWord}(?:(?:patient|client|hospital|member) (?:account|acct)${wordEnd}${tail}|claim(?:[ /]{1,3}${numberWord}|(?= {0,2}:))|kaiser(?: permanente)?(?= {0,2}[#:]))`,
  },
  {
    kind: 'id',
    value: 'long-id',
    pattern: `${notInWord}(?<!(?:board|school|district|administrative|state|federal|attendance|grading) )policy(?= {0,2}[:#])`,
  },
  { kind: 'id', exact: true, pattern: `${notInWord}(?:CIN|UCI|MRN|BIC|RIN|RID)${wordEnd}${tail}` },
  { kind: 'id', exact: true, value: 'long-id', pattern: `${notInWord}SEIS${wordEnd}${tail}` },
  { kind: 'id', value: 'long-id', pattern: `${notInWord}(?<!(?:upper|lower)[ -]?)cas[eo](?= {0,2}[:#])` },
  {
    kind: 'id',
    exact: true,
    value: 'long-id',
    pattern: `(?<!(?:[Gg]oal|GOAL|[Oo]bjective|[Ff]orm|FORM|[Ii]tem|[Pp]age|[Tt]est|[Mm]eta) ?)${notInWord}(?:I\\.?D\\.?|Id)(?: ?#| ?No\\.?| ?Number|(?= {0,3}\\*{0,2} {0,3}[:|])|(?= {0,2}[-–—]? {0,2}[A-Z]{0,2}\\d{5}))`,
  },
]

/** The label of an address begins a line, a cell or a sentence of its own: `to address: reading` is none. */
export const addressLabel =
  /(?<![\p{L}\p{N}])(?:(?:home|mailing|street|residence|residential|physical|current|previous|permanent|school|district|office|family|foster|group|legal|billing|work|(?:student|parent|guardian|child|mother|father|pupil)(?:['’]?s)?(?: ?\/ ?guardian(?:['’]?s)?)?) {1,2}){0,3}(?:address(?:es)?|addr|residence|direcci[óo]n(?:es)?(?: (?:postal|de casa|del hogar|particular|residencial|de correo))?|domicilio(?: (?:particular|actual|familiar|postal))?)(?![\p{L}\p{N}])\.?(?: ?(?:line)? ?[12](?!\d))?(?: of (?:the )?(?:student|pupil|child|parent|guardian)(?:\(?s\)?)?(?:(?: ?\/ ?| or )guardian(?:\(?s\)?)?)?(?!\p{L}))?(?:(?: ?[,/&(]| and) ?(?:street|city|town|state|zip(?: code)?)(?!\p{L})){0,5}(?: ?\((?:if|no|number|street|city|include|optional|required)(?!\p{L})[^()\d\n|]{0,40}\))?|(?:家庭|家|居住|现|通讯|邮寄|联系)?(?:住址|地址)|địa chỉ(?: (?:nhà|thường trú|hiện tại|liên lạc))?/giu

/** What a form may ask next to an address: its value ends here. */
export const nextLabel =
  / {0,3}[|*_,;(]{0,3} {0,3}(?<![\p{L}\p{N}])(?:(?:home|cell|work|day|student|parent|guardian|primary|native|mother|father|grade|school|district|birth|county|place|date|age|gender|sex|case|meeting|iep)(?:['’]?s)? ?\/? ?){0,3}(?:phone|telephone|tel|cell|mobile|fax|e-?mail|dob|d\.o\.b|birth|birthdate|grade|school|district|city|state|zip|student|parents?|guardians?|name|language|id|age|gender|sex|ssid|ssn|date|county|residence|ethnicity|tel[ée]fono|celular|correo|fecha|grado|escuela|nombre|ciudad|estado|distrito|idioma|edad)(?![\p{L}])[^:|\n]{0,24}?[:|]/giu
