/**
 * A filesystem. What is called on the class is about filesystems: make, find, list, delete. What is called on an object with
 * a path is about its files; so `Filesystem.delete(idOrName)` deletes a filesystem and `filesystem.delete(path)` a path in it.
 */
import { attachBody } from './attachments.js'
import type { AttachOptions, Attachment, NewAttachment } from './attachments.js'
import { configure } from './config.js'
import type { CallOptions, ConnectionOptions } from './config.js'
import { Connection, finish } from './connection.js'
import { Files } from './files.js'
import type {
  Compression, Durability, Filesystem as FilesystemInfo, FilesystemPatch, NewFilesystem, Snapshot, Usage,
} from './generated/types.js'
import { Pages } from './pages.js'
import { encodeName } from './paths.js'
import { parseSize } from './sizes.js'
import type { Size } from './sizes.js'

/** What a new filesystem can be given. */
export interface FilesystemSettings {
  /** At most 64; keys of letters, digits or `._/-`. */
  labels?: Record<string, string> | undefined
  /** What an answered change survives. */
  durability?: Durability | undefined
  /** How file data is compressed in the object store. */
  compression?: Compression | undefined
}

export interface CreateOptions extends ConnectionOptions, FilesystemSettings {}

export interface ListFilesystemsOptions extends ConnectionOptions {
  /** Labels that each must have. */
  labels?: Record<string, string> | undefined
  /** Filesystems that one request brings, 1 to 1000. */
  pageSize?: number | undefined
}

export interface UpdateOptions extends CallOptions, FilesystemSettings {
  name?: string | undefined
  size?: Size | undefined
}

const address = (idOrName: string): string => `/filesystems/${encodeName('filesystem', idOrName)}`

export class Filesystem extends Files {
  /** Unique in the team. */
  name!: string
  /** Limit of the bytes in it. */
  sizeBytes!: number
  /** The same in units of 10^9 bytes. */
  sizeGB!: number
  labels!: Record<string, string>
  durability!: Durability
  compression!: Compression
  /** When it was made (RFC 3339). */
  createdAt!: string
  /** When its name, size, labels or settings last changed. */
  updatedAt!: string

  private constructor(connection: Connection, info: FilesystemInfo) {
    super(connection, info.id)
    this.#set(info)
  }

  /** Makes a filesystem. Without a size it has the server's default. */
  static async create(name: string, size?: Size, options: CreateOptions = {}): Promise<Filesystem> {
    const { labels, durability, compression } = options
    const json: NewFilesystem = { name, ...sizeField(size), ...settings({ labels, durability, compression }) }
    const connection = new Connection(configure(options))
    return new Filesystem(connection, await connection.json({ method: 'POST', path: '/filesystems', json }))
  }

  /** Finds a filesystem by its id or name, to work with it. */
  static async connect(idOrName: string, options?: ConnectionOptions): Promise<Filesystem> {
    const connection = new Connection(configure(options))
    return new Filesystem(connection, await connection.json({ method: 'GET', path: address(idOrName) }))
  }

  /** What the server says of a filesystem: plain data. */
  static async get(idOrName: string, options?: ConnectionOptions): Promise<FilesystemInfo> {
    return new Connection(configure(options)).json<FilesystemInfo>({ method: 'GET', path: address(idOrName) })
  }

  /** The team's filesystems by name. */
  static list(options: ListFilesystemsOptions = {}): Pages<Filesystem> {
    const { labels = {}, pageSize } = options
    const label = Object.entries(labels).map(([key, value]) => `${key}=${value}`)
    return new Pages(async (cursor) => {
      const connection = new Connection(configure(options))
      const query = { limit: pageSize, cursor, label }
      return connection.call({ method: 'GET', path: '/filesystems', query }, async (response, watch) => {
        const found = await finish(watch, response.json() as Promise<FilesystemInfo[]>)
        const items = found.map((info) => new Filesystem(connection, info))
        return { items, cursor: response.headers.get('x-next-cursor') ?? undefined }
      })
    })
  }

  /** Deletes a filesystem with everything in it. `force` revokes its attachments first; without, they refuse it. */
  static async delete(idOrName: string, options: ConnectionOptions & { force?: boolean | undefined } = {}): Promise<void> {
    const query = { force: options.force || undefined }
    return new Connection(configure(options)).nothing({ method: 'DELETE', path: address(idOrName), query })
  }

  /** Brings a filesystem back that was deleted a short time ago, by its id, with everything in it. `name`: a new one. */
  static async undelete(
    id: string,
    options: ConnectionOptions & { name?: string | undefined } = {},
  ): Promise<Filesystem> {
    const connection = new Connection(configure(options))
    const json = { name: options.name }
    return new Filesystem(connection, await connection.json({ method: 'POST', path: `${address(id)}/undelete`, json }))
  }

  /** Asks again what the fields of this object say. */
  async refresh(options?: CallOptions): Promise<this> {
    return this.#set(await this.connection.with(options).json({ method: 'GET', path: address(this.id) }))
  }

  /** Changes all that is given, or nothing. */
  async update(options: UpdateOptions): Promise<this> {
    const { name, size, labels, durability, compression } = options
    const json: FilesystemPatch = { ...sizeField(size), ...settings({ name, labels, durability, compression }) }
    return this.#set(await this.connection.with(options).json({ method: 'PATCH', path: address(this.id), json }))
  }

  /** Gives it another size; never less than is in use. */
  async resize(size: Size, options: CallOptions = {}): Promise<this> {
    return this.update({ ...options, size })
  }

  /** Gives it another name. */
  async rename(name: string, options: CallOptions = {}): Promise<this> {
    return this.update({ ...options, name })
  }

  /** How much it holds. */
  async usage(options?: CallOptions): Promise<Usage> {
    return this.#get('usage', options)
  }

  /** Makes a new filesystem that begins as this one is, or as its snapshot is. Nothing is copied. */
  async fork(
    name: string,
    options: CallOptions & { snapshot?: string | undefined; labels?: Record<string, string> | undefined } = {},
  ): Promise<Filesystem> {
    const json = settings({ name, snapshot: options.snapshot, labels: options.labels })
    const call = { method: 'POST', path: `${address(this.id)}/fork`, json } as const
    return new Filesystem(this.connection, await this.connection.with(options).json(call))
  }

  /** Keeps the filesystem as it is now, under a name. */
  async snapshot(name: string, options?: CallOptions): Promise<Snapshot> {
    return this.connection.with(options).json({ method: 'POST', path: `${address(this.id)}/snapshots`, json: { name } })
  }

  /** The snapshots, oldest first. */
  async snapshots(options?: CallOptions): Promise<Snapshot[]> {
    return this.#get('snapshots', options)
  }

  /** Makes the filesystem what its snapshot is, under its mounts. Later changes that no snapshot holds are gone. */
  async restore(snapshot: string, options?: CallOptions): Promise<this> {
    const call = { method: 'POST', path: `${address(this.id)}/restore`, json: { snapshot } } as const
    return this.#set(await this.connection.with(options).json(call))
  }

  /** Deletes a snapshot, by id or name. */
  async deleteSnapshot(snapshot: string, options?: CallOptions): Promise<void> {
    const path = `${address(this.id)}/snapshots/${encodeName('snapshot', snapshot)}`
    return this.connection.with(options).nothing({ method: 'DELETE', path })
  }

  /** Makes a grant to mount it. The answer is the only place where the path to mount can be seen. */
  async attach(options: AttachOptions = {}): Promise<NewAttachment> {
    const call = { method: 'POST', path: `${address(this.id)}/attachments`, json: attachBody(options) } as const
    return this.connection.with(options).json<NewAttachment>(call)
  }

  /** Revokes a grant: clients that have mounted it lose it within a second. */
  async detach(attachment: string | { id: string }, options?: CallOptions): Promise<void> {
    return this.connection.with(options).nothing({ method: 'DELETE', path: this.#attachment(attachment) })
  }

  /** The grants that are good, oldest first. */
  async attachments(options?: CallOptions): Promise<Attachment[]> {
    return this.#get('attachments', options)
  }

  /** One grant. */
  async attachment(attachment: string | { id: string }, options?: CallOptions): Promise<Attachment> {
    return this.connection.with(options).json({ method: 'GET', path: this.#attachment(attachment) })
  }

  #attachment(attachment: string | { id: string }): string {
    const id = typeof attachment === 'string' ? attachment : attachment.id
    return `${address(this.id)}/attachments/${encodeName('attachment', id)}`
  }

  #get<T>(what: string, options: CallOptions | undefined): Promise<T> {
    return this.connection.with(options).json<T>({ method: 'GET', path: `${address(this.id)}/${what}` })
  }

  #set(info: FilesystemInfo): this {
    const { id: _id, ...fields } = info
    return Object.assign(this, fields)
  }
}

const sizeField = (size: Size | undefined): { sizeBytes?: number } => (size === undefined ? {} : { sizeBytes: parseSize(size) })

/** Without the fields that are absent. */
function settings<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never
}
