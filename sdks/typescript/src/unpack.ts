/**
 * An archive onto the local disk. Nothing is written outside of the directory: names are checked, and what lies on the way
 * must be directories, not links. Files appear when they are whole.
 */
import { HoldfastError } from './errors.js'
import { localPath } from './local.js'
import type { LocalPath } from './local.js'
import { TarReader } from './tar.js'
import type { TarHeader } from './tar.js'
import { shown } from './transfer.js'
import type { Meter, Transferred } from './transfer.js'

/** Permission bits that are taken over; setuid, setgid and sticky are not. */
const MODE_MASK = 0o777
const OWNER_ALL = 0o700

/** Unpacks into a directory, which is made if it is missing. */
export async function unpack(pieces: AsyncIterator<Uint8Array>, directory: string, meter: Meter): Promise<Transferred> {
  const { chmod, mkdir } = await import('node:fs/promises')
  const done: Transferred = { files: 0, directories: 0, links: 0, skipped: 0, bytes: 0 }
  // Directories that their owner could not write to while they are filled.
  const strict: Array<[LocalPath, number]> = []
  await mkdir(directory, { recursive: true })
  const place = new Place(directory)
  const reader = new TarReader(pieces)
  try {
    for (let member = await reader.next(); member; member = await reader.next()) {
      const path = await place.of(member.path)
      if (path === undefined) continue
      if (member.kind === 'file') {
        done.bytes += await writeWhole(path, meter.count(shown(member.path), reader.content()), member.mode)
        done.files += 1
      } else if (member.kind === 'directory') {
        await place.makeDirectory(path, member.mode | OWNER_ALL)
        if ((member.mode & OWNER_ALL) !== OWNER_ALL) strict.push([path, member.mode & MODE_MASK])
        done.directories += 1
      } else if (member.kind === 'other') {
        done.skipped += 1
      } else {
        await link(path, member, place)
        done.links += 1
      }
    }
  } finally {
    await pieces.return?.()
  }
  for (const [path, mode] of strict.reverse()) await chmod(path, mode)
  return done
}

async function link(path: LocalPath, member: TarHeader, place: Place): Promise<void> {
  const fs = await import('node:fs/promises')
  const target = member.kind === 'symlink' ? localPath(Buffer.from(member.link, 'latin1')) : await place.of(member.link)
  if (target === undefined) throw new HoldfastError(`\`${shown(member.path)}\` is a link to the top directory`)
  await fs.rm(path as string, { force: true })
  await (member.kind === 'symlink' ? fs.symlink(target, path) : fs.link(target, path))
}

/** Where members go. */
class Place {
  readonly #top: Buffer
  /** The directory that the last member was in; it was looked at. */
  #seen = ''

  constructor(directory: string) {
    this.#top = Buffer.from(directory)
  }

  /** The local path of a member; `undefined` for the top itself. Directories on the way are made. */
  async of(member: string): Promise<LocalPath | undefined> {
    const names = member.split('/').filter((name) => name !== '' && name !== '.')
    if (names.includes('..') || member.includes('\0')) throw new HoldfastError(`the archive holds the path \`${shown(member)}\``)
    if (names.length === 0) return undefined
    const parent = names.slice(0, -1).join('/')
    if (parent !== this.#seen) {
      for (let depth = 1; depth < names.length; depth += 1) await this.makeDirectory(this.#path(names.slice(0, depth)), MODE_MASK)
      this.#seen = parent
    }
    return this.#path(names)
  }

  /** Makes a directory; one that exists is left as it is, and what is no directory is an error. */
  async makeDirectory(path: LocalPath, mode: number): Promise<void> {
    const { lstat, mkdir } = await import('node:fs/promises')
    try {
      await mkdir(path, { mode: mode & MODE_MASK })
    } catch (error) {
      const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST' && (await lstat(path)).isDirectory()
      if (!isThere) throw error
    }
  }

  #path(names: string[]): LocalPath {
    return localPath(this.#top, Buffer.from(`/${names.join('/')}`, 'latin1'))
  }
}

let written = 0

/** Writes a local file: beside its place first, then in its place, so that nobody sees half. Returns its size. */
export async function writeWhole(path: LocalPath, pieces: AsyncIterable<Uint8Array>, mode: number): Promise<number> {
  const fs = await import('node:fs/promises')
  written += 1
  const place = Buffer.from(path)
  const end = Math.max(place.lastIndexOf('/'), process.platform === 'win32' ? place.lastIndexOf('\\') : -1)
  const beside = localPath(place.subarray(0, end + 1), Buffer.from(`.holdfast-${process.pid}-${written}.part`))
  const file = await fs.open(beside as string, 'wx', mode & MODE_MASK)
  let bytes = 0
  try {
    try {
      for await (const piece of pieces) {
        await file.writeFile(piece)
        bytes += piece.byteLength
      }
    } finally {
      await file.close()
    }
    await fs.rename(beside, path)
  } catch (error) {
    await fs.rm(beside as string, { force: true })
    throw error
  }
  return bytes
}
