import type { Language, SectionKey } from '../content.ts'

/** What a parent reads in the same words every time, and what therefore is never left to a model. */
export interface FixedWords {
  titles: Record<SectionKey, string>
  /** Stands in a section that the document lacks. */
  notFound: string
  /** Stands in a section that no answer of the model had, so that nobody knows whether the document has it. */
  unknown: string
  /** Stands where the English is not there in the language. */
  untranslated: string
}

export const fixedWords: Record<Language, FixedWords> = {
  en: {
    titles: {
      presentLevels: 'Present Levels',
      eligibility: 'Eligibility',
      placement: 'Placement',
      goals: 'Goals',
      services: 'Services',
      accommodations: 'Accommodations',
      informedConsent: 'Informed Consent',
      keyPeople: 'Key People',
      strengths: 'Strengths',
    },
    notFound: 'We did not find this section in the document.',
    unknown: 'We could not prepare this section. Please look for it in the document itself.',
    untranslated: 'We could not translate this section. Please see the English version.',
  },
  es: {
    titles: {
      presentLevels: 'Niveles actuales',
      eligibility: 'Elegibilidad',
      placement: 'Ubicación educativa',
      goals: 'Metas',
      services: 'Servicios',
      accommodations: 'Adaptaciones',
      informedConsent: 'Consentimiento informado',
      keyPeople: 'Personas clave',
      strengths: 'Fortalezas',
    },
    notFound: 'No encontramos esta sección en el documento.',
    unknown: 'No pudimos preparar esta sección. Por favor, búsquela en el documento original.',
    untranslated: 'No pudimos traducir esta sección. Por favor, consulte la versión en inglés.',
  },
  zh: {
    titles: {
      presentLevels: '目前水平',
      eligibility: '资格',
      placement: '教育安置',
      goals: '目标',
      services: '服务',
      accommodations: '便利措施',
      informedConsent: '知情同意',
      keyPeople: '主要人员',
      strengths: '优势',
    },
    notFound: '我们在文件中没有找到这一部分。',
    unknown: '我们未能准备这一部分。请您在文件原件中查看。',
    untranslated: '我们未能翻译这一部分。请您查看英文版本。',
  },
  vi: {
    titles: {
      presentLevels: 'Mức độ hiện tại',
      eligibility: 'Điều kiện được hưởng dịch vụ',
      placement: 'Nơi học được sắp xếp',
      goals: 'Mục tiêu',
      services: 'Dịch vụ',
      accommodations: 'Điều chỉnh hỗ trợ',
      informedConsent: 'Sự đồng ý sau khi được giải thích',
      keyPeople: 'Những người chính',
      strengths: 'Điểm mạnh',
    },
    notFound: 'Chúng tôi không tìm thấy phần này trong tài liệu.',
    unknown: 'Chúng tôi không thể chuẩn bị phần này. Xin quý vị xem trong tài liệu gốc.',
    untranslated: 'Chúng tôi không thể dịch phần này. Xin quý vị xem bản tiếng Anh.',
  },
}
