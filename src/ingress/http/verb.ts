/** The path of a custom verb on something with an id: `/api/groups/{id}:clone`. */
export const verbOn = (collection: string, verb: string): string => `${collection}/:id(^[^:/]+)::${verb}`
