// Made by scripts/generate.mjs from what the server declares. Do not edit: run `npm run generate`.

/** An attachment. */
export type Attachment = {
  /** Networks it may be used from; any if empty. */
  allowedAddresses: Array<string>
  /** When it was made (RFC 3339). */
  createdAt: string
  /** When it ends by itself (RFC 3339); absent if it does not. */
  expiresAt?: string | null
  /** The filesystem that it mounts. */
  filesystemId: string
  /** Group that everybody is in; only with `map`. */
  gid?: number | null
  /** Host to mount from. */
  host: string
  /** `att-` and a UUID. */
  id: string
  /** When it was last used (RFC 3339); absent before the first use. */
  lastActivityAt?: string | null
  /** Who it is for. */
  owner: string
  /** Port of NFS and MOUNT there. */
  port: number
  /** Whether every change is refused. */
  readOnly: boolean
  /** The directory that is mounted, as it was called when the attachment was made. */
  subpath: string
  /** User that everybody is; only with `map`. */
  uid?: number | null
  /** As whom its users act. */
  uidPolicy: UidPolicyName
}

/** How file data is compressed in the object store. */
export type Compression = "none" | "lz4" | "zstd"

/** What an answered change survives. `local` (the default): a crash and a loss of power, it is on the node's disk.
 * `object`: the loss of the node as well, it is in the object store. `relaxed`: a crash of the server; a loss of
 * power only after a COMMIT or a synchronous write. */
export type Durability = "local" | "object" | "relaxed"

/** Part of a directory or tree. */
export type Entries = {
  /** Where the list goes on; absent on the last page. */
  cursor?: string | null
  /** The entries. */
  entries: Array<Entry>
}

/** A file, directory or other entry. */
export type Entry = {
  /** Last access (RFC 3339). */
  accessedAt: string
  /** Last change of the content, the owner, the mode or the links (RFC 3339). */
  changedAt: string
  /** The percent-encoded name, for names that are not UTF-8. */
  encodedName?: string | null
  /** The version of a file's content, as in the header `ETag`. */
  etag?: string | null
  /** Group. */
  gid: number
  /** Hard links. */
  links: number
  /** Permission bits in octal, with setuid, setgid and sticky. */
  mode: string
  /** Last change of the content (RFC 3339). */
  modifiedAt: string
  /** Its name. Bytes that are not UTF-8 show as U+FFFD; `encodedName` is exact then. */
  name: string
  /** Its path from the root of the filesystem. */
  path: string
  /** Size in bytes. */
  size: number
  /** Where a symbolic link points, where that is known. */
  target?: string | null
  /** Kind of file. */
  type: FileKind
  /** Owner. */
  uid: number
}

/** The JSON body of every error. */
export type ErrorBody = {
  /** The status, again. */
  code: number
  /** A stable text for programs. */
  error: string
  /** The limit that the message tells of, in its unit. */
  limit?: number | null
  /** What is wrong, where, and what helps. */
  message: string
  /** What is in use of that limit. */
  used?: number | null
}

/** Bytes of a file. */
export type FileContent = Blob

/** What an inode is. */
export type FileKind = "file" | "directory" | "symlink" | "fifo" | "socket" | "charDevice" | "blockDevice"

/** What changes: either `path`, or any of the others. Absent fields stay as they are. */
export type FilePatch = {
  /** Group. */
  gid?: number | null
  /** Permission bits in octal. */
  mode?: string | null
  /** The new path, from the root of the filesystem, not percent-encoded. Missing parents are made, and a file there is
   * replaced in one step. */
  path?: string | null
  /** Size in bytes: what is over it is cut off, what is missing reads as zeros. */
  size?: number | null
  /** Owner. */
  uid?: number | null
}

/** A filesystem. */
export type Filesystem = {
  /** How its data is compressed. */
  compression: Compression
  /** When it was made (RFC 3339). */
  createdAt: string
  /** What an answered change survives. */
  durability: Durability
  /** `fs-` and a UUID; for ever. */
  id: string
  /** Its labels. */
  labels: Record<string, string>
  /** Unique in the team. */
  name: string
  /** Limit of the bytes in it. */
  sizeBytes: number
  /** The same in units of 10^9 bytes, exactly. */
  sizeGB: number
  /** When it last changed (RFC 3339). */
  updatedAt: string
}

/** What changes; absent fields stay as they are. At most one of the sizes. */
export type FilesystemPatch = {
  compression?: Compression | null
  durability?: Durability | null
  /** Labels that replace all labels. */
  labels?: Record<string, string> | null
  /** A new name. */
  name?: string | null
  /** The same as text, such as `20gb`. */
  size?: string | null
  /** A new size in bytes; never below what is in use. */
  sizeBytes?: number | null
  /** The same in units of 10^9 bytes. */
  sizeGB?: number | null
}

/** Whether the server is up. */
export type Health = {
  /** `ok`. */
  status: string
}

/** What an import brought in. */
export type Imported = {
  /** Bytes of file content. */
  bytes: number
  /** Directories that were members of the archive. */
  directories: number
  /** Regular files. */
  files: number
  /** Symbolic and hard links. */
  links: number
  /** Devices, pipes and other members that were left out. */
  skipped: number
}

/** What is kept of a key: all but the key itself. */
export type Key = {
  /** Whether it is an administrator's key, which opens `/teams` and `/keys` and no team's filesystems. */
  admin: boolean
  /** When it was made (RFC 3339). */
  createdAt: string
  /** `key-` and a UUID. */
  id: string
  /** When it was last used, to about a minute; absent if never. */
  lastUsedAt?: string | null
  /** A name for people; need not be unique. */
  name: string
  /** When it was revoked; absent while it is good. */
  revokedAt?: string | null
  /** The team that it opens; absent for an administrator's key. */
  teamId?: string | null
}

/** What `list` and `stat` answer. */
export type Listed = Entries | Entry

/** A key that was just made. Nobody can see the field `key` again. */
export type MadeKey = Key & {
  /** The key, for `X-API-Key`. */
  key: string
}

/** What a new attachment is to be; all of it may be left out. */
export type NewAttachment = {
  /** Addresses and networks it may be used from, at most 32; any if empty. */
  allowedAddresses?: Array<string>
  /** Seconds until it ends by itself, at most a year; never if absent. */
  expiresInSeconds?: number | null
  /** With `map`: the group that everybody is in. */
  gid?: number | null
  /** Who it is for: at most 250 bytes, shown in lists. */
  owner?: string
  /** Whether every change is refused. */
  readOnly?: boolean
  /** A directory to mount instead of the root. It must exist, and may be renamed later. */
  subpath?: string | null
  /** With `map`: the user that everybody is. */
  uid?: number | null
  /** As whom its users act; `root` if absent. */
  uidPolicy?: UidPolicyName
}

/** What a new filesystem is to be. At most one of the sizes; none means the server's default. */
export type NewFilesystem = {
  compression?: Compression | null
  durability?: Durability | null
  /** At most 64; keys of 1 to 63 letters, digits or `._/-`, values of at most 255 bytes. */
  labels?: Record<string, string> | null
  /** 1 to 250 letters, digits, `_` or `-`; unique in the team; not of the form of an id. */
  name: string
  /** Size as text: `5gb` means 5 * 10^9 bytes, `5gib` 5 * 2^30. */
  size?: string | null
  /** Size in bytes. */
  sizeBytes?: number | null
  /** Size in units of 10^9 bytes; a fraction must come to a whole number of bytes. */
  sizeGB?: number | null
}

/** What a fork is to be. */
export type NewFork = {
  /** Labels of the fork; absent for those of the source. */
  labels?: Record<string, string> | null
  /** The name of the new filesystem; the rules are those of every filesystem. */
  name: string
  /** Id or name of the snapshot to begin from; absent for the filesystem as it is now. */
  snapshot?: string | null
}

/** What a new key is to open: exactly one of `team` and `admin`. */
export type NewKey = {
  /** True for an administrator's key. */
  admin?: boolean | null
  /** A name for people, 1 to 250 characters. */
  name: string
  /** Id or name of the team that it opens. */
  team?: string | null
}

/** What a new snapshot is to be. */
export type NewSnapshot = {
  /** 1 to 250 letters, digits, `.`, `_` or `-`; does not begin with a dot; unique in the filesystem. */
  name: string
}

/** What a new team is to be. */
export type NewTeam = {
  /** 1 to 250 letters, digits, `_` or `-`; not of the form of an id. */
  name: string
}

/** What a new volume is to be. Further fields are ignored, as the SDKs may send more one day. */
export type NewVolume = {
  /** 1 to 250 letters, digits, `_` or `-`; unique in the team; not of the form of an id. */
  name: string
}

/** An attachment that was just made, with what mounts it. */
export type NewlyMadeAttachment = Attachment & {
  /** The path to mount, which is a secret. */
  exportPath: string
  /** A command for a shell that mounts it at `/mnt/` and the filesystem's name. */
  mountCommand: string
}

/** What a restore goes back to. */
export type Restore = {
  /** Id or name of the snapshot. */
  snapshot: string
}

/** A snapshot. */
export type Snapshot = {
  /** When it was made (RFC 3339). */
  createdAt: string
  /** `snap-` and a UUID. */
  id: string
  /** Unique in the filesystem. */
  name: string
  /** Bytes of file data in it. Those that the filesystem or another snapshot has as well are stored once. */
  usedBytes: number
  /** Files, directories and other inodes in it. */
  usedInodes: number
}

/** A team: the tenant that owns filesystems and keys. */
export type Team = {
  /** When it was made (RFC 3339). */
  createdAt: string
  /** `team-` and a UUID; for ever. */
  id: string
  /** Unique on the server. */
  name: string
}

/** As whom the users of a mount act. */
export type UidPolicyName = "root" | "squash" | "map"

/** How a filesystem is to come back. */
export type Undeletion = {
  /** A new name; the old one if absent. */
  name?: string | null
}

/** What a filesystem holds. */
export type Usage = {
  /** Bytes that can still be written. */
  availableBytes: number
  /** Limit of inodes. */
  limitInodes: number
  /** Limit of bytes. */
  sizeBytes: number
  /** Bytes of file data in use. */
  usedBytes: number
  /** Files, directories and other inodes in use. */
  usedInodes: number
}

/** A volume in a list. */
export type Volume = {
  /** Unique in the team. */
  name: string
  /** A UUID. */
  volumeID: string
}

/** A volume, and a token for its content. */
export type VolumeAndToken = {
  /** Unique in the team. */
  name: string
  /** For `/volumecontent`, as `Authorization: Bearer`. A new one with every answer. */
  token: string
  /** A UUID; `fs-` and this is the id of the same filesystem. */
  volumeID: string
}

/** A file, directory or link in a volume. */
export type VolumeEntryStat = {
  /** Last access (RFC 3339). */
  atime: string
  /** Last change of the inode (RFC 3339). */
  ctime: string
  /** Group. */
  gid: number
  /** Permission bits, as a number. */
  mode: number
  /** Last change of the content (RFC 3339). */
  mtime: string
  /** Its name; `/` for the root. */
  name: string
  /** Its path from the root of the volume. */
  path: string
  /** Size in bytes. */
  size: number
  /** Where a symbolic link points. */
  target?: string | null
  /** `file`, `directory`, `symlink`, or `unknown`. */
  type: string
  /** Owner. */
  uid: number
}

/** New owner and mode; what is absent stays as it is. */
export type VolumePathPatch = {
  /** Group. */
  gid?: number | null
  /** Permission bits, as a number. */
  mode?: number | null
  /** Owner. */
  uid?: number | null
}

/** Every operation of the server: its method and path. */
export const operations = {
  getTokenKeys: 'GET /.well-known/jwks.json',
  readDocs: 'GET /docs',
  listFilesystems: 'GET /filesystems',
  createFilesystem: 'POST /filesystems',
  getFilesystem: 'GET /filesystems/{id}',
  deleteFilesystem: 'DELETE /filesystems/{id}',
  updateFilesystem: 'PATCH /filesystems/{id}',
  listAttachments: 'GET /filesystems/{id}/attachments',
  createAttachment: 'POST /filesystems/{id}/attachments',
  getAttachment: 'GET /filesystems/{id}/attachments/{attachment}',
  deleteAttachment: 'DELETE /filesystems/{id}/attachments/{attachment}',
  exportFiles: 'GET /filesystems/{id}/export',
  readFile: 'GET /filesystems/{id}/files/{path}',
  writeFile: 'PUT /filesystems/{id}/files/{path}',
  makeFile: 'POST /filesystems/{id}/files/{path}',
  removeFile: 'DELETE /filesystems/{id}/files/{path}',
  changeFile: 'PATCH /filesystems/{id}/files/{path}',
  forkFilesystem: 'POST /filesystems/{id}/fork',
  importFiles: 'POST /filesystems/{id}/import',
  restoreFilesystem: 'POST /filesystems/{id}/restore',
  listSnapshots: 'GET /filesystems/{id}/snapshots',
  createSnapshot: 'POST /filesystems/{id}/snapshots',
  deleteSnapshot: 'DELETE /filesystems/{id}/snapshots/{snapshot}',
  undeleteFilesystem: 'POST /filesystems/{id}/undelete',
  getFilesystemUsage: 'GET /filesystems/{id}/usage',
  healthz: 'GET /healthz',
  listKeys: 'GET /keys',
  createKey: 'POST /keys',
  revokeKey: 'DELETE /keys/{key}',
  metrics: 'GET /metrics',
  openapi: 'GET /openapi.json',
  readyz: 'GET /readyz',
  listTeams: 'GET /teams',
  createTeam: 'POST /teams',
  getTeam: 'GET /teams/{team}',
  deleteTeam: 'DELETE /teams/{team}',
  listVolumeDirectory: 'GET /volumecontent/{volume}/dir',
  makeVolumeDirectory: 'POST /volumecontent/{volume}/dir',
  readVolumeFile: 'GET /volumecontent/{volume}/file',
  writeVolumeFile: 'PUT /volumecontent/{volume}/file',
  statVolumePath: 'GET /volumecontent/{volume}/path',
  removeVolumePath: 'DELETE /volumecontent/{volume}/path',
  changeVolumePath: 'PATCH /volumecontent/{volume}/path',
  listVolumes: 'GET /volumes',
  createVolume: 'POST /volumes',
  getVolume: 'GET /volumes/{volume}',
  deleteVolume: 'DELETE /volumes/{volume}',
} as const
