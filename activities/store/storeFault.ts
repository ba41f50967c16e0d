/** The store cannot be used as it is; the message says what a person can do about it. */
export class StoreFault extends Error {
  override readonly name = 'StoreFault';
  /** Nobody answered: later it may. */
  readonly isUnreachable: boolean;
  constructor(message: string, { isUnreachable = false }: { readonly isUnreachable?: boolean } = {}) {
    super(message);
    this.isUnreachable = isUnreachable;
  }
}
