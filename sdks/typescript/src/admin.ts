/** Teams and keys, for whoever runs the server. Needs an administrator's key. */
import { configure } from './config.js'
import type { CallOptions, ConnectionOptions } from './config.js'
import { Connection } from './connection.js'
import type { Key, MadeKey, Team } from './generated/types.js'
import { encodeName } from './paths.js'

/** What a new key opens: a team, by id or name, or the administration. */
export type KeyScope = { team: string; admin?: false | undefined } | { admin: true; team?: undefined }

const teamAddress = (idOrName: string): string => `/teams/${encodeName('team', idOrName)}`

export class Admin {
  readonly #connection: Connection

  /** The key is the option `apiKey`, or the variable `HOLDFAST_ADMIN_KEY`. */
  constructor(options?: ConnectionOptions) {
    this.#connection = new Connection(configure(options, ['HOLDFAST_ADMIN_KEY']))
  }

  /** Makes a team, without keys. */
  async createTeam(name: string, options?: CallOptions): Promise<Team> {
    return this.#connection.with(options).json({ method: 'POST', path: '/teams', json: { name } })
  }

  /** Every team by name. */
  async teams(options?: CallOptions): Promise<Team[]> {
    return this.#connection.with(options).json({ method: 'GET', path: '/teams' })
  }

  /** A team, by id or name. */
  async team(idOrName: string, options?: CallOptions): Promise<Team> {
    return this.#connection.with(options).json({ method: 'GET', path: teamAddress(idOrName) })
  }

  /** Deletes a team that has no filesystems; its keys go with it. */
  async deleteTeam(idOrName: string, options?: CallOptions): Promise<void> {
    return this.#connection.with(options).nothing({ method: 'DELETE', path: teamAddress(idOrName) })
  }

  /** Makes a key. The answer is the only place where it can be seen. */
  async createKey(name: string, { team, admin }: KeyScope, options?: CallOptions): Promise<MadeKey> {
    const json = admin ? { name, admin } : { name, team }
    return this.#connection.with(options).json({ method: 'POST', path: '/keys', json })
  }

  /** The keys of a team, by its id or name, or those of administrators; oldest first, revoked ones among them. */
  async keys(team?: string, options?: CallOptions): Promise<Key[]> {
    return this.#connection.with(options).json({ method: 'GET', path: '/keys', query: { team } })
  }

  /** Revokes a key by its id: the next request with it is refused. */
  async revokeKey(id: string, options?: CallOptions): Promise<void> {
    return this.#connection.with(options).nothing({ method: 'DELETE', path: `/keys/${encodeName('key', id)}` })
  }
}
