import { jest } from '@jest/globals';
import pg from 'pg';

/** The messages that are sent to servers meanwhile, in which there may be several statements. */
export async function messagesOf(work: () => Promise<unknown>): Promise<string[]> {
  const sent = jest.spyOn(pg.Connection.prototype, 'query');
  try {
    await work();
    return sent.mock.calls.map(([text]) => text);
  } finally {
    sent.mockRestore();
  }
}
