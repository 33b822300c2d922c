/** The files of one filesystem, over HTTP: with or without a sandbox that mounts it. Each method is one request. */
import { Body } from './body.js'
import type { Content } from './body.js'
import type { CallOptions } from './config.js'
import type { Call, Connection } from './connection.js'
import { download, stream } from './download.js'
import { PathNotFoundError } from './generated/errors.js'
import type { Entries, Entry, FilePatch, Imported } from './generated/types.js'
import { octal, ownerHeaders, ownerQuery } from './options.js'
import type {
  FollowOptions, ListOptions, MakeOptions, Mode, ReadOptions, StatOptions, TransferOptions, UploadOptions, WriteOptions,
} from './options.js'
import { Pages } from './pages.js'
import { encodePath } from './paths.js'
import type { FilePath } from './paths.js'
import { downloadTree, uploadTree } from './tree.js'
import type { Transferred } from './transfer.js'
import type { UploadEntry } from './tree.js'

export abstract class Files {
  readonly #connection: Connection

  /** `fs-` and a UUID; for ever. */
  readonly id: string

  protected constructor(connection: Connection, id: string) {
    this.#connection = connection
    this.id = id
  }

  /** @internal Private in fact, so that nothing that prints a filesystem shows the key. */
  protected get connection(): Connection {
    return this.#connection
  }

  /** Writes a file: makes it, with its missing parents, or replaces its whole content in one step. Nobody sees half. */
  async write(path: FilePath, content: Content, options: WriteOptions = {}): Promise<Entry> {
    const { ifMatch, ifNoneMatch } = options
    return this.#at(options).json<Entry>({
      ...this.#file('PUT', path),
      query: ownerQuery(options),
      headers: { ...ownerHeaders(options), 'if-match': ifMatch, 'if-none-match': ifNoneMatch },
      body: new Body(content),
      // The second of two equal conditional writes would fail, although the first did what was asked.
      repeatable: ifMatch === undefined && ifNoneMatch === undefined ? 'always' : 'unsent',
    })
  }

  /** Reads a file, or a part of it. What comes is one version of the file, also where the connection breaks on the way. */
  read(path: FilePath, options?: ReadOptions & { format?: 'text' | undefined }): Promise<string>
  read(path: FilePath, options: ReadOptions & { format: 'bytes' }): Promise<Uint8Array>
  read(path: FilePath, options: ReadOptions & { format: 'blob' }): Promise<Blob>
  read(path: FilePath, options: ReadOptions & { format: 'stream' }): Promise<ReadableStream<Uint8Array>>
  async read(path: FilePath, options: ReadOptions = {}): Promise<string | Uint8Array | Blob | ReadableStream<Uint8Array>> {
    const { snapshot, ifMatch, format = 'text' } = options
    const call: Call = {
      ...this.#file('GET', path),
      query: { snapshot },
      // A content that something on the way encodes could not be taken up again.
      headers: { 'if-match': ifMatch, 'accept-encoding': 'identity' },
    }
    const content = await download(this.#at(options), call, options)
    if (format === 'stream') return content
    const answer = new Response(content)
    if (format === 'blob') return answer.blob()
    return format === 'bytes' ? new Uint8Array(await answer.arrayBuffer()) : answer.text()
  }

  /** Lists a directory, or a tree of some levels; parents come before what is in them. */
  list(path: FilePath = '/', options: ListOptions = {}): Pages<Entry> {
    const { depth, pageSize, snapshot } = options
    return new Pages<Entry>(async (cursor) => {
      const query = { list: true, depth, limit: pageSize, cursor, snapshot }
      const page = await this.#at(options).json<Entries>({ ...this.#file('GET', path), query })
      return { items: page.entries, cursor: page.cursor ?? undefined }
    })
  }

  /** The metadata of a file, directory or link. */
  async stat(path: FilePath, options: StatOptions = {}): Promise<Entry> {
    const { follow, snapshot } = options
    return this.#at(options).json<Entry>({ ...this.#file('GET', path), query: { stat: true, follow, snapshot } })
  }

  /** Whether there is something at a path. */
  async exists(path: FilePath, options: StatOptions = {}): Promise<boolean> {
    try {
      await this.stat(path, options)
      return true
    } catch (error) {
      if (error instanceof PathNotFoundError) return false
      throw error
    }
  }

  /** Makes a directory with its missing parents. One that exists is left as it is. */
  async mkdir(path: FilePath, options: MakeOptions = {}): Promise<Entry> {
    return this.#make(path, { op: 'mkdir' }, options)
  }

  /** Moves a file, directory or link to a path; a file that is there is replaced in one step. */
  async move(from: FilePath, to: string, options?: CallOptions): Promise<Entry> {
    return this.#change(from, { path: to }, undefined, options)
  }

  /** Copies a file within the filesystem; a file that is there is replaced in one step. */
  async copy(from: string, to: FilePath, options: MakeOptions = {}): Promise<Entry> {
    return this.#make(to, { op: 'copy', from }, options)
  }

  /** Removes a file, a link, or a directory with everything in it. `recursive: false` spares one that is not empty. */
  async delete(path: FilePath, options: CallOptions & { recursive?: boolean | undefined } = {}): Promise<void> {
    return this.#at(options).nothing({ ...this.#file('DELETE', path), query: { recursive: options.recursive } })
  }

  /** Sets the permission bits. */
  async chmod(path: FilePath, mode: Mode, options: FollowOptions = {}): Promise<Entry> {
    return this.#change(path, { mode: octal(mode) ?? null }, options.follow, options)
  }

  /** Sets the owner and, where given, the group. */
  async chown(path: FilePath, uid: number | undefined, gid?: number, options: FollowOptions = {}): Promise<Entry> {
    return this.#change(path, { uid: uid ?? null, gid: gid ?? null }, options.follow, options)
  }

  /** Sets the size in bytes: what is over it is cut off, what is missing reads as zeros. */
  async truncate(path: FilePath, size: number, options: FollowOptions = {}): Promise<Entry> {
    return this.#change(path, { size }, options.follow, options)
  }

  /** Makes a symbolic link at `path` that points to `target`. */
  async symlink(target: string, path: FilePath, options: MakeOptions = {}): Promise<Entry> {
    return this.#make(path, { op: 'symlink', target }, options)
  }

  /** Makes `path` another name of the file at `existing`. */
  async link(existing: string, path: FilePath, options: CallOptions = {}): Promise<Entry> {
    return this.#make(path, { op: 'link', from: existing }, options)
  }

  /**
   * Uploads a local file, or a local directory with everything in it, to a path; or, where there is no local disk, a list
   * of entries. A directory travels as one archive: each file appears whole or not at all, and those that exist are replaced.
   */
  async upload(source: string | AsyncIterable<UploadEntry> | Iterable<UploadEntry>, path: string, options: UploadOptions = {}): Promise<Transferred> {
    return uploadTree(this, source, path, options)
  }

  /** Downloads a file to a local file, or a directory with everything in it to a local directory. No file is ever half. */
  async download(path: string, local: string, options: TransferOptions = {}): Promise<Transferred> {
    return downloadTree(this, path, local, options)
  }

  /** Unpacks a tar archive (not compressed) into a directory. What was unpacked before a failure stays. */
  async importTar(archive: Content, path: string = '/', options: CallOptions = {}): Promise<Imported> {
    return this.#at(options).json<Imported>({
      method: 'POST',
      path: `/filesystems/${this.id}/import`,
      query: { path },
      body: new Body(archive),
      contentType: 'application/x-tar',
    })
  }

  /** Packs a directory with everything in it into a tar archive; names are relative to it. */
  async exportTar(path: string = '/', options: CallOptions = {}): Promise<ReadableStream<Uint8Array>> {
    return stream(this.#at(options), { method: 'GET', path: `/filesystems/${this.id}/export`, query: { path } })
  }

  #at(options: CallOptions | undefined): Connection {
    return this.#connection.with(options)
  }

  #file(method: Call['method'], path: FilePath): Call {
    return { method, path: `/filesystems/${this.id}/files${encodePath(path)}` }
  }

  #make(path: FilePath, what: Record<string, string>, options: MakeOptions): Promise<Entry> {
    const call = { ...this.#file('POST', path), query: { ...what, ...ownerQuery(options) }, headers: ownerHeaders(options) }
    return this.#at(options).json<Entry>(call)
  }

  #change(path: FilePath, json: FilePatch, follow: boolean | undefined, options: CallOptions | undefined): Promise<Entry> {
    return this.#at(options).json<Entry>({ ...this.#file('PATCH', path), json, query: { follow } })
  }
}
