/** Holds up all who come to it while it is shut. */
export class Gate {
  #shut: PromiseWithResolvers<void> | undefined;
  #forGood = false;

  async passed(): Promise<void> {
    // More than once: it may be shut again before those who waited have passed.
    while (this.#shut) {
      await this.#shut.promise;
    }
  }

  shut(): void {
    this.#shut ??= Promise.withResolvers();
  }

  shutForGood(): void {
    this.shut();
    this.#forGood = true;
  }

  open(): void {
    if (!this.#forGood) {
      this.#shut?.resolve();
      this.#shut = undefined;
    }
  }
}
