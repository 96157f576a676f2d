/** The languages the stand-in has a few words of. */
export const languages = ['en', 'es', 'zh', 'vi'] as const
export type Language = (typeof languages)[number]
