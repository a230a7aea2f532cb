const LENGTH_BYTES = 4;
const TYPE_BYTES = 1;

/** Counts the messages in what a client of PostgreSQL (protocol version 3, not encrypted) sends, in whatever chunks it comes. */
export class ClientMessages {
  private rest = Buffer.alloc(0);
  /** The first message has no type. */
  private typeBytes = 0;

  /** @returns how many are complete with these bytes */
  count(bytes: Buffer): number {
    this.rest = Buffer.concat([this.rest, bytes]);
    let complete = 0;
    for (let end = this.end(); end !== undefined && end <= this.rest.length; end = this.end()) {
      this.rest = this.rest.subarray(end);
      this.typeBytes = TYPE_BYTES;
      complete += 1;
    }
    return complete;
  }

  private end(): number | undefined {
    return this.rest.length < this.typeBytes + LENGTH_BYTES
      ? undefined
      : this.typeBytes + this.rest.readInt32BE(this.typeBytes);
  }
}
