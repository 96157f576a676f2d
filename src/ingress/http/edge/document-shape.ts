/** As much of an OpenAPI document as is read and added to here. */
export interface OpenApi {
  paths: Record<string, Record<string, Operation>>
  components: Components
}

export interface Operation {
  security?: Record<string, string[]>[]
  parameters?: (Reference | { in: string; name: string })[]
  requestBody?: { required: boolean; content: Record<string, { schema: { anyOf?: { type?: string }[] } }> }
  responses: Record<string, Answer>
}

export interface Answer {
  headers?: Record<string, object>
  content?: Record<string, { schema: object }>
}

export interface Reference {
  $ref: string
}

/** By kind (schemas, parameters, headers …) and then by name. */
export type Components = Record<string, Record<string, object>>
