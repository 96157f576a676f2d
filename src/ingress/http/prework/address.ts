/** Where something is found from now on, for the Location of the answer that says it was made. */
export const addressOf = (kind: 'users' | 'profiles' | 'submissions', id: string): string =>
  `/prework/api/${kind}/${id}`
