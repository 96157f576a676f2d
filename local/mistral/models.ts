import { invalidModel, notFound } from './errors.ts'
import type { Fields } from './protocol.ts'

type Ability = 'ocr' | 'chat'

interface Model {
  ability: Ability
  aliases: string[]
}

/** The models of November 2026, by their pinned names. */
const models: Record<string, Model> = {
  'mistral-ocr-4-1': { ability: 'ocr', aliases: ['mistral-ocr-latest'] },
  'mistral-ocr-4-0': { ability: 'ocr', aliases: [] },
  'mistral-small-2603': { ability: 'chat', aliases: ['mistral-small-latest'] },
  'mistral-medium-3-5': { ability: 'chat', aliases: ['mistral-medium-latest'] },
  'mistral-large-2512': { ability: 'chat', aliases: ['mistral-large-latest'] },
}

/** The name that answers carry: an OCR alias becomes the version behind it, a chat model keeps the name it was asked by. */
export function modelName(asked: unknown, ability: Ability): string {
  const found = Object.entries(models).find(
    ([name, model]) => model.ability === ability && (name === asked || model.aliases.includes(String(asked))),
  )
  if (!found) throw invalidModel(asked)
  return ability === 'ocr' ? found[0] : String(asked)
}

/** The version behind a name, by which calls are counted; '' for what is no model's name. */
export const pinnedName = (asked: unknown): string =>
  Object.keys(models).find((name) => name === asked || models[name]?.aliases.includes(String(asked))) ?? ''

/** `GET /v1/models`. */
export const listModels = (): Fields => ({ object: 'list', data: Object.keys(models).map(card) })

/** `GET /v1/models/{id}`. */
export function getModel(asked: string): Fields {
  const name = pinnedName(asked)
  if (!name) throw notFound('Model not found')
  return card(name)
}

function card(id: string): Fields {
  const { ability, aliases } = models[id] as Model
  return {
    id,
    object: 'model',
    created: 1_773_000_000,
    owned_by: 'mistralai',
    capabilities: { completion_chat: ability === 'chat', ocr: ability === 'ocr' },
    name: id,
    aliases,
    type: 'base',
  }
}
