/** Where something is found from now on, for the Location of the answer that says it was made. */
export const addressOf = (kind: 'groups' | 'sessions' | 'profiles/avatar', id: string): string =>
  `/lockin/api/${kind}/${id}`
