/** How much is in the database of this part. */
export interface Size {
  /** Groups that go on, ten members each; every ten people share five. */
  groups: number
  /** Logs of each person: 5 × 10 sessions × a few, three fifths of them in the current period. */
  logsPerPerson: number
  /** People with a long inbox, and what is in it. */
  busy: number
  perBusy: number
  /** What everybody else has. */
  perOther: number
  /** Groups that have ended: a tenth has ten members, the others two. */
  ended: number
}

export const whole: Size = {
  groups: 10_000,
  logsPerPerson: 250,
  busy: 200,
  perBusy: 5000,
  perOther: 25,
  ended: 100_000,
}

export const small: Size = {
  groups: 200,
  logsPerPerson: 250,
  busy: 20,
  perBusy: 1000,
  perOther: 10,
  ended: 3000,
}

export const membersOf = ({ groups }: Size): number => groups * 10
export const peopleOf = ({ groups }: Size): number => groups * 2
export const logsOf = (size: Size): number => peopleOf(size) * size.logsPerPerson
export const notificationsOf = (size: Size): number =>
  size.busy * size.perBusy + (peopleOf(size) - size.busy) * size.perOther
