/** Options of the calls about files, and how they travel. */
import type { CallOptions } from './config.js'

/** Permission bits: a number such as `0o644`, or a text in octal such as `'0644'`. */
export type Mode = number | string

/** Whose something is to be. */
export interface OwnerOptions {
  /** `root` (0:0) or `user` (1000:1000); excludes `uid` and `gid`. */
  user?: 'root' | 'user' | undefined
  uid?: number | undefined
  gid?: number | undefined
}

export interface WriteOptions extends CallOptions, OwnerOptions {
  /** 0644 for a new file if absent; a file that exists keeps its own. */
  mode?: Mode | undefined
  /** Writes only where the file has this ETag; `*`: only where it exists. */
  ifMatch?: string | undefined
  /** `*` writes only where there is no file. */
  ifNoneMatch?: '*' | undefined
}

/** A snapshot to read from, by id or name, instead of the filesystem as it is. */
export interface SnapshotOptions {
  snapshot?: string | undefined
}

export interface ReadOptions extends CallOptions, SnapshotOptions {
  /** What to return: a string (the default), bytes, a Blob or a stream. */
  format?: 'text' | 'bytes' | 'blob' | 'stream' | undefined
  /** First byte to read; 0 if absent. */
  offset?: number | undefined
  /** How many bytes to read; up to the end if absent. */
  length?: number | undefined
  /** Reads only where the file has this ETag. */
  ifMatch?: string | undefined
}

export interface ListOptions extends CallOptions, SnapshotOptions {
  /** Levels to list, 1 to 10; 1 if absent. */
  depth?: number | undefined
  /** Entries that one request brings, 1 to 4096. */
  pageSize?: number | undefined
}

export interface StatOptions extends CallOptions, SnapshotOptions {
  /** `false` shows a symbolic link itself. */
  follow?: boolean | undefined
}

export interface FollowOptions extends CallOptions {
  /** `false` changes a symbolic link itself. */
  follow?: boolean | undefined
}

export interface MakeOptions extends CallOptions, OwnerOptions {
  mode?: Mode | undefined
}

/** How far a transfer of a tree has come. */
export interface Progress {
  /** The file that was moved last. */
  path: string
  files: number
  bytes: number
  /** What there is in all; absent where nobody knows. */
  totalFiles?: number | undefined
  totalBytes?: number | undefined
}

export interface TransferOptions extends CallOptions {
  /** Called after each file, and while a large one moves. */
  onProgress?: ((progress: Progress) => void) | undefined
}

export interface UploadOptions extends TransferOptions, OwnerOptions {}

/** Permission bits in octal. */
export const octal = (mode: Mode | undefined): string | undefined =>
  typeof mode === 'number' ? mode.toString(8).padStart(4, '0') : mode

/** Owner and mode as parameters. */
export const ownerQuery = ({ uid, gid, mode }: OwnerOptions & { mode?: Mode | undefined }) => ({ uid, gid, mode: octal(mode) })

/** A user by name as a header. */
export const ownerHeaders = ({ user }: OwnerOptions) => ({ 'x-e2b-user': user })
