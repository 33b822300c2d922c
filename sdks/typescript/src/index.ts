/** Client of Holdfast: persistent filesystems for sandboxes. */
export { Admin } from './admin.js'
export type { KeyScope } from './admin.js'
export type { AttachOptions, Attachment, NewAttachment } from './attachments.js'
export type { Content } from './body.js'
export type { CallOptions, ConnectionOptions } from './config.js'
export * from './errors.js'
export { Filesystem } from './filesystem.js'
export type { CreateOptions, FilesystemSettings, ListFilesystemsOptions, UpdateOptions } from './filesystem.js'
export * from './generated/errors.js'
export type {
  Compression, Durability, Entry, FileKind, Filesystem as FilesystemInfo, Health, Imported, Key, MadeKey, Snapshot, Team, Usage,
} from './generated/types.js'
export { health, ready } from './health.js'
export type {
  FollowOptions, ListOptions, MakeOptions, Mode, OwnerOptions, Progress, ReadOptions, SnapshotOptions, StatOptions,
  TransferOptions, UploadOptions, WriteOptions,
} from './options.js'
export { Pages } from './pages.js'
export type { Page } from './pages.js'
export type { FilePath } from './paths.js'
export { parseSize } from './sizes.js'
export type { Size } from './sizes.js'
export type { Transferred } from './transfer.js'
export type { UploadEntry } from './tree.js'
export { VERSION } from './version.js'
