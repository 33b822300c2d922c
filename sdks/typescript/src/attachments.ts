/** Grants to mount a filesystem, as the server tells of them. */
import type { CallOptions } from './config.js'

/** A revocable grant to mount one filesystem. */
export interface Attachment {
  /** `att-` and a UUID. */
  id: string
  filesystemId: string
  /** Where NFS is answered. */
  host: string
  port: number
  readOnly: boolean
  /** The directory that is mounted. */
  subpath: string
  /** `root`: users as they are; `squash`: root becomes nobody; `map`: everybody is `uid` and `gid`. */
  uidPolicy: 'root' | 'squash' | 'map'
  uid?: number
  gid?: number
  /** Addresses and networks that may mount; empty for all. */
  allowedAddresses: string[]
  /** Who it is for. */
  owner: string
  createdAt: string
  /** Absent if it never expires. */
  expiresAt?: string
  /** Absent before the first use; to about a minute. */
  lastActivityAt?: string
}

/** An attachment that was just made. Nobody can see `exportPath` again. */
export interface NewAttachment extends Attachment {
  /** The secret path to mount. */
  exportPath: string
  /** A command that mounts it, for a shell. */
  mountCommand: string
}

export interface AttachOptions extends CallOptions {
  /** Refuses every change. */
  readOnly?: boolean | undefined
  /** The directory to mount; the root if absent. */
  subpath?: string | undefined
  uidPolicy?: 'root' | 'squash' | 'map' | undefined
  /** With `map`: the user and group that everybody becomes. */
  uid?: number | undefined
  gid?: number | undefined
  /** Addresses or networks that may mount; all if absent. */
  allowedAddresses?: string[] | undefined
  /** Never if absent. */
  expiresInSeconds?: number | undefined
  /** Who it is for: free text, which lists show. */
  owner?: string | undefined
}

/** The body of a request for one: the options without those of the call. */
export function attachBody({ signal: _signal, timeoutMs: _timeoutMs, maxRetries: _maxRetries, ...body }: AttachOptions): object {
  return body
}
