/**
 * Files and trees between the local disk and a filesystem. A tree travels as one tar archive that is made, or unpacked,
 * while it moves. A local file is written under another name and renamed when it is whole; an interrupted download leaves whole
 * files only. Owners and times stay behind; modes and links come along. Node's modules are loaded when they are needed, so
 * that this package loads where there are none.
 */
import type { Stats } from 'node:fs'
import { piecesOf } from './body.js'
import type { CallOptions } from './config.js'
import { HoldfastError, InvalidArgumentError } from './errors.js'
import type { Files } from './files.js'
import type { Progress, TransferOptions, UploadOptions } from './options.js'
import { localPath } from './local.js'
import type { LocalPath } from './local.js'
import { END, gathered, padding, tarHeader } from './tar.js'
import type { TarHeader } from './tar.js'
import { Meter, shown } from './transfer.js'
import type { Transferred } from './transfer.js'
import { unpack, writeWhole } from './unpack.js'

/** Something to upload where it is not on a local disk; without content and target it is a directory. */
export interface UploadEntry {
  /** Path below the one that is uploaded to. */
  path: string
  content?: string | ArrayBuffer | ArrayBufferView | Blob | undefined
  /** Where a symbolic link points. */
  target?: string | undefined
  /** Permission bits; 0644, or 0755 of a directory, if absent. */
  mode?: number | undefined
}

/** Bytes read from a local file, or sent, at a time. */
const PIECE_BYTES = 256 * 1024
const USERS = { root: 0, user: 1000 }

/** A member of an archive before it is one. */
interface Source {
  header: TarHeader
  content?: () => AsyncIterable<Uint8Array>
}

const latin1 = (text: string): string => String.fromCharCode(...new TextEncoder().encode(text))

function owner({ user, uid, gid }: UploadOptions): { uid: number; gid: number } {
  if (user !== undefined && (uid !== undefined || gid !== undefined || !Object.hasOwn(USERS, user))) {
    throw new InvalidArgumentError('`user` must be `root` or `user`, and excludes `uid` and `gid`')
  }
  const id = user === undefined ? 0 : USERS[user]
  return { uid: uid ?? id, gid: gid ?? id }
}

const call = ({ signal, timeoutMs, maxRetries }: CallOptions): CallOptions => ({ signal, timeoutMs, maxRetries })

export async function uploadTree(
  files: Files,
  source: string | AsyncIterable<UploadEntry> | Iterable<UploadEntry>,
  path: string,
  options: UploadOptions,
): Promise<Transferred> {
  const ids = owner(options)
  if (typeof source !== 'string') {
    return importSources(files, path, options, () => entrySources(source, ids))
  }
  const { stat } = await import('node:fs/promises')
  const { createReadStream } = await import('node:fs')
  const top = await stat(source)
  if (!top.isDirectory()) {
    const totals = { totalFiles: 1, totalBytes: top.size }
    const content = () => new Meter(options, totals).count(path, createReadStream(source, { highWaterMark: PIECE_BYTES }))
    const written = await files.write(path, content, { ...call(options), ...ids, mode: top.mode & 0o7777 })
    return { files: 1, directories: 0, links: 0, skipped: 0, bytes: written.size }
  }
  const totals = { totalFiles: 0, totalBytes: 0 }
  if (options.onProgress) {
    for await (const { info } of walk(source)) {
      if (info.isFile()) (totals.totalFiles += 1), (totals.totalBytes += info.size)
    }
  }
  return importSources(files, path, options, () => localSources(source, ids), totals)
}

async function importSources(
  files: Files,
  path: string,
  options: UploadOptions,
  sources: () => AsyncIterable<Source>,
  totals: Partial<Progress> = {},
): Promise<Transferred> {
  // So that a tree without anything in it is there as well.
  await files.mkdir(path, call(options))
  return files.importTar(() => gathered(archive(sources(), new Meter(options, totals)), PIECE_BYTES), path, call(options))
}

async function* archive(sources: AsyncIterable<Source>, meter: Meter): AsyncGenerator<Uint8Array, void> {
  for await (const { header, content } of sources) {
    yield tarHeader(header)
    if (!content) continue
    let sent = 0
    for await (const piece of meter.count(shown(header.path), content())) {
      sent += piece.byteLength
      yield piece
    }
    if (sent !== header.size) throw new HoldfastError(`\`${shown(header.path)}\` became shorter while it was read`)
    yield new Uint8Array(padding(header.size))
  }
  yield END
}

async function* entrySources(
  entries: AsyncIterable<UploadEntry> | Iterable<UploadEntry>,
  ids: { uid: number; gid: number },
): AsyncGenerator<Source, void> {
  for await (const { path, content, target, mode } of entries) {
    const header = { path: latin1(path), link: '', size: 0, ...ids }
    if (target !== undefined) {
      yield { header: { ...header, kind: 'symlink', link: latin1(target), mode: mode ?? 0o777 } }
    } else if (content === undefined) {
      yield { header: { ...header, kind: 'directory', mode: mode ?? 0o755 } }
    } else {
      const blob = content instanceof Blob ? content : new Blob([content as BlobPart])
      const bytes = { [Symbol.asyncIterator]: () => piecesOf(blob.stream() as ReadableStream<Uint8Array>) }
      yield { header: { ...header, kind: 'file', size: blob.size, mode: mode ?? 0o644 }, content: () => bytes }
    }
  }
}

/** A local entry: where it is, and its path below the top. */
interface Local {
  full: LocalPath
  path: string
  info: Stats
}

/** Everything below a local directory, parents first. Links are not walked into. */
async function* walk(top: string): AsyncGenerator<Local, void> {
  const { lstat, readdir } = await import('node:fs/promises')
  const base = Buffer.from(`${top}/`)
  const open: string[] = ['']
  for (let directory = open.pop(); directory !== undefined; directory = open.pop()) {
    const found = await readdir(localPath(base, Buffer.from(directory, 'latin1')), { encoding: 'buffer' })
    const names = found.map((name) => Buffer.from(name).toString('latin1')).sort()
    for (const name of names) {
      const path = `${directory}${name}`
      const full = localPath(base, Buffer.from(path, 'latin1'))
      const info = await lstat(full)
      yield { full, path, info }
      if (info.isDirectory()) open.push(`${path}/`)
    }
  }
}

async function* localSources(top: string, ids: { uid: number; gid: number }): AsyncGenerator<Source, void> {
  const { readlink } = await import('node:fs/promises')
  const { createReadStream } = await import('node:fs')
  for await (const { full, path, info } of walk(top)) {
    const header = { path, link: '', size: 0, mode: info.mode & 0o7777, ...ids }
    if (info.isDirectory()) {
      yield { header: { ...header, kind: 'directory', path: `${path}/` } }
    } else if (info.isSymbolicLink()) {
      const link = Buffer.from(await readlink(full, { encoding: 'buffer' })).toString('latin1')
      yield { header: { ...header, kind: 'symlink', link } }
    } else if (info.isFile()) {
      // What is added meanwhile is not in the size that the header says.
      const open = () => createReadStream(full, { end: info.size - 1, highWaterMark: PIECE_BYTES })
      yield { header: { ...header, kind: 'file', size: info.size }, content: info.size > 0 ? open : nothing }
    } else {
      yield { header: { ...header, kind: 'other' } }
    }
  }
}

async function* nothing(): AsyncGenerator<Uint8Array, void> {}

export async function downloadTree(files: Files, path: string, local: string, options: TransferOptions): Promise<Transferred> {
  const top = await files.stat(path, call(options))
  if (top.type === 'directory') {
    const content = await files.exportTar(path, call(options))
    return unpack(piecesOf(content), local, new Meter(options))
  }
  const content = await files.read(path, { ...call(options), format: 'stream' })
  const meter = new Meter(options, { totalFiles: 1, totalBytes: top.size })
  const pieces = { [Symbol.asyncIterator]: () => piecesOf(content) }
  const bytes = await writeWhole(local, meter.count(path, pieces), parseInt(top.mode, 8))
  return { files: 1, directories: 0, links: 0, skipped: 0, bytes }
}
