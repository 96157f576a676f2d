/** The name of a resource inside the template: `pre-work-audit-log-dev` is `AuditLog`. */
export const idOf = (name: string, environment: string): string =>
  name
    .replace(/^pre-work-/, '')
    .replace(new RegExp(`-${environment}$`), '')
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')

export const arnOf = (logical: string) => ({ 'Fn::GetAtt': [logical, 'Arn'] })

/** The ARN with something after it: `/*`, `/index/*`. */
export const below = (logical: string, path: string) => ({ 'Fn::Sub': `\${${logical}.Arn}${path}` })
