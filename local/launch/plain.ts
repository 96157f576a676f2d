/**
 * An error whose message is meant for a person: it says what is wrong and what to do about it.
 * The command line prints the message alone; the stack of any other error is printed whole.
 */
export class Plain extends Error {
  override name = 'Plain'
}
