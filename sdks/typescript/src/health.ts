/** Whether the server is there. Needs no key. */
import { configure } from './config.js'
import type { ConnectionOptions } from './config.js'
import { Connection } from './connection.js'
import type { Health } from './generated/types.js'

const connection = (options: ConnectionOptions): Connection => new Connection(configure(options, []))

/** Whether the server is up. */
export async function health(options: ConnectionOptions = {}): Promise<Health> {
  return connection(options).json({ method: 'GET', path: '/healthz' })
}

/** Whether it can serve requests; otherwise an `UnavailableError` says what is not ready. */
export async function ready(options: ConnectionOptions = {}): Promise<Health> {
  return connection(options).json({ method: 'GET', path: '/readyz' })
}
