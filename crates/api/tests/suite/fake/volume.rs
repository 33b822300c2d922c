//! One volume: a map from paths to nodes.

use std::collections::BTreeMap;

use bytes::Bytes;
use holdfast_api::files::{
    Changes, FileKind, FileVersion, FilesError, Made, Metadata, Ownership, Parents, Resource, VolumeLimits,
};
use holdfast_base::Timestamp;
use holdfast_base::VolumeSettings;
use holdfast_base::limits::SYMLINK_DEPTH_MAX;

pub type Place = Vec<Bytes>;

#[derive(Clone)]
pub enum Body {
    Directory,
    File(Bytes),
    Link(Bytes),
    Fifo,
}

#[derive(Clone)]
struct Node {
    inode: u64,
    change: u64,
    ownership: (u32, u32, u32),
    body: Body,
}

#[derive(Clone)]
pub struct Volume {
    pub limits: VolumeLimits,
    pub settings: VolumeSettings,
    nodes: BTreeMap<Place, Node>,
    inode: u64,
    change: u64,
}

impl Volume {
    pub fn new(limits: VolumeLimits, settings: VolumeSettings) -> Self {
        let mut volume = Self { limits, settings, nodes: BTreeMap::new(), inode: 0, change: 0 };
        volume.add(Vec::new(), Body::Directory, (0, 0, 0o1777));
        volume
    }

    pub fn bytes(&self) -> u64 {
        let size = |node: &Node| if let Body::File(bytes) = &node.body { bytes.len() as u64 } else { 0 };
        self.nodes.values().map(size).sum()
    }

    pub fn inodes(&self) -> u64 {
        self.nodes.len() as u64
    }

    pub fn set_limits(&mut self, limits: VolumeLimits) -> Result<(), FilesError> {
        for (resource, limit, used) in [
            (Resource::Bytes, limits.bytes.0, self.bytes()),
            (Resource::Inodes, limits.inodes, self.inodes()),
        ] {
            if used > limit {
                return Err(FilesError::NoSpace { resource, limit, used });
            }
        }
        self.limits = limits;
        Ok(())
    }

    /// The place of the node that `path` leads to; the last component may be missing.
    pub fn resolve(&self, path: &[Bytes], follow: bool) -> Result<Place, FilesError> {
        let mut ahead: Vec<Bytes> = path.iter().rev().cloned().collect();
        let mut place = Place::new();
        let mut followed = 0;
        while let Some(name) = ahead.pop() {
            match self.nodes.get(&place).map(|node| &node.body) {
                Some(Body::Directory) => {}
                Some(_) => return Err(FilesError::NotADirectory),
                None => return Err(FilesError::NotFound),
            }
            match &name[..] {
                b"" | b"." => continue,
                b".." => {
                    place.pop();
                    continue;
                }
                _ => place.push(name),
            }
            let Some(Body::Link(target)) = self.nodes.get(&place).map(|node| &node.body) else { continue };
            if ahead.is_empty() && !follow {
                break;
            }
            followed += 1;
            if followed > SYMLINK_DEPTH_MAX {
                return Err(FilesError::TooManySymlinks);
            }
            place.pop();
            if target.starts_with(b"/") {
                place.clear();
            }
            ahead.extend(target.split(|byte| *byte == b'/').rev().map(Bytes::copy_from_slice));
        }
        Ok(place)
    }

    pub fn metadata(&self, place: &[Bytes]) -> Result<Metadata, FilesError> {
        let node = self.nodes.get(place).ok_or(FilesError::NotFound)?;
        let (kind, size, target) = match &node.body {
            Body::Directory => (FileKind::Directory, 0, None),
            Body::File(bytes) => (FileKind::File, bytes.len() as u64, None),
            Body::Link(target) => (FileKind::Symlink, target.len() as u64, Some(target.clone())),
            Body::Fifo => (FileKind::Fifo, 0, None),
        };
        let time = Timestamp { seconds: 1_700_000_000, nanos: 0 };
        let (uid, gid, mode) = node.ownership;
        Ok(Metadata {
            kind,
            size,
            mode,
            uid,
            gid,
            links: 1,
            accessed_at: time,
            modified_at: time,
            changed_at: time,
            version: FileVersion { inode: node.inode, change: node.change },
            target,
        })
    }

    pub fn names(&self, place: &[Bytes]) -> Result<Vec<Bytes>, FilesError> {
        match self.nodes.get(place).map(|node| &node.body) {
            Some(Body::Directory) => {}
            Some(_) => return Err(FilesError::NotADirectory),
            None => return Err(FilesError::NotFound),
        }
        let child = |path: &Place| path.len() == place.len() + 1 && path.starts_with(place);
        Ok(self.nodes.keys().filter(|path| child(path)).filter_map(|path| path.last().cloned()).collect())
    }

    pub fn content(&self, place: &[Bytes]) -> Result<Bytes, FilesError> {
        match self.nodes.get(place).map(|node| &node.body) {
            Some(Body::File(bytes)) => Ok(bytes.clone()),
            Some(Body::Directory) => Err(FilesError::IsADirectory),
            Some(Body::Link(_) | Body::Fifo) => Err(FilesError::NotRegular),
            None => Err(FilesError::NotFound),
        }
    }

    pub fn room_for(&self, path: &[Bytes], bytes: u64) -> Result<(), FilesError> {
        let old = self.resolve(path, true).and_then(|place| self.content(&place)).map_or(0, |old| old.len());
        let (limit, used) = (self.limits.bytes.0, self.bytes());
        if used - old as u64 + bytes > limit {
            return Err(FilesError::NoSpace { resource: Resource::Bytes, limit, used });
        }
        if self.inodes() + 1 > self.limits.inodes {
            let (limit, used) = (self.limits.inodes, self.inodes());
            return Err(FilesError::NoSpace { resource: Resource::Inodes, limit, used });
        }
        Ok(())
    }

    pub fn put(
        &mut self,
        path: &[Bytes],
        bytes: Bytes,
        ownership: Ownership,
        parents: Parents,
    ) -> Result<Made, FilesError> {
        self.parents(path, ownership, parents)?;
        let place = self.resolve(path, true)?;
        self.change += 1;
        let change = self.change;
        let created = match self.nodes.get_mut(&place) {
            Some(Node { body: Body::Directory, .. }) => return Err(FilesError::IsADirectory),
            Some(Node { body: Body::Fifo | Body::Link(_), .. }) => return Err(FilesError::NotRegular),
            Some(node) => {
                node.body = Body::File(bytes);
                node.change = change;
                let (uid, gid, mode) = node.ownership;
                let Ownership { uid: new_uid, gid: new_gid, mode: new_mode } = ownership;
                node.ownership = (new_uid.unwrap_or(uid), new_gid.unwrap_or(gid), new_mode.unwrap_or(mode));
                false
            }
            None => {
                self.add(place.clone(), Body::File(bytes), owner(ownership, 0o644));
                true
            }
        };
        Ok(Made { metadata: self.metadata(&place)?, created })
    }

    pub fn make_directory(
        &mut self,
        path: &[Bytes],
        ownership: Ownership,
        parents: Parents,
    ) -> Result<Made, FilesError> {
        self.parents(path, ownership, parents)?;
        let place = self.resolve(path, true)?;
        let created = match self.nodes.get(&place).map(|node| &node.body) {
            Some(Body::Directory) => false,
            Some(_) => return Err(FilesError::Exists),
            None => {
                self.add(place.clone(), Body::Directory, owner(ownership, 0o755));
                true
            }
        };
        Ok(Made { metadata: self.metadata(&place)?, created })
    }

    pub fn insert(&mut self, path: &[Bytes], body: Body) -> Result<(), FilesError> {
        self.parents(path, Ownership::default(), Parents::default())?;
        self.add(path.to_vec(), body, (0, 0, 0o777));
        Ok(())
    }

    pub fn remove(&mut self, path: &[Bytes], recursive: bool) -> Result<(), FilesError> {
        let place = self.resolve(path, false)?;
        let node = self.nodes.get(&place).ok_or(FilesError::NotFound)?;
        if matches!(node.body, Body::Directory) && !recursive && !self.names(&place)?.is_empty() {
            return Err(FilesError::NotEmpty);
        }
        self.nodes.retain(|path, _| !path.starts_with(&place));
        Ok(())
    }

    pub fn change(&mut self, place: &[Bytes], changes: Changes) -> Result<Metadata, FilesError> {
        self.change += 1;
        let change = self.change;
        let node = self.nodes.get_mut(place).ok_or(FilesError::NotFound)?;
        if let Some(size) = changes.size {
            let Body::File(bytes) = &mut node.body else { return Err(FilesError::IsADirectory) };
            let mut content = bytes.to_vec();
            content.resize(size as usize, 0);
            *bytes = content.into();
        }
        let (uid, gid, mode) = node.ownership;
        node.ownership =
            (changes.uid.unwrap_or(uid), changes.gid.unwrap_or(gid), changes.mode.unwrap_or(mode));
        node.change = change;
        self.metadata(place)
    }

    /// Both names are one inode by number only: this fake's tests change neither afterwards.
    pub fn link(&mut self, path: &[Bytes], existing: &[Bytes]) -> Result<Metadata, FilesError> {
        let node = self.nodes.get(existing).ok_or(FilesError::NotFound)?.clone();
        if matches!(node.body, Body::Directory) {
            return Err(FilesError::IsADirectory);
        }
        self.parents(path, Ownership::default(), Parents::default())?;
        if self.nodes.contains_key(path) {
            return Err(FilesError::Exists);
        }
        self.nodes.insert(path.to_vec(), node);
        self.metadata(path)
    }

    pub fn rename(&mut self, from: &[Bytes], to: &[Bytes]) -> Result<Metadata, FilesError> {
        self.nodes.get(from).ok_or(FilesError::NotFound)?;
        if to.starts_with(from) && to != from {
            return Err(FilesError::IntoItself);
        }
        self.parents(to, Ownership::default(), Parents::default())?;
        if self.names(to).is_ok_and(|names| !names.is_empty()) {
            return Err(FilesError::NotEmpty);
        }
        let moved: Vec<Place> = self.nodes.keys().filter(|path| path.starts_with(from)).cloned().collect();
        for path in moved {
            let place = [to, &path[from.len()..]].concat();
            if let Some(node) = self.nodes.remove(&path) {
                self.nodes.insert(place, node);
            }
        }
        self.metadata(to)
    }

    pub fn check_parents(&self, path: &[Bytes], parents: Parents) -> Result<(), FilesError> {
        let above = &path[..path.len().saturating_sub(1)];
        match (parents, self.resolve(above, true).and_then(|place| self.names(&place))) {
            (Parents::Require, Err(error)) => Err(error),
            _ => Ok(()),
        }
    }

    fn parents(&mut self, path: &[Bytes], ownership: Ownership, missing: Parents) -> Result<(), FilesError> {
        self.check_parents(path, missing)?;
        let mode = if let Parents::Make { mode } = missing { mode } else { 0 };
        for end in 1..path.len() {
            let place = self.resolve(&path[..end], true)?;
            match self.nodes.get(&place).map(|node| &node.body) {
                Some(Body::Directory) => {}
                Some(_) => return Err(FilesError::NotADirectory),
                None => self.add(place, Body::Directory, owner(Ownership { mode: None, ..ownership }, mode)),
            }
        }
        Ok(())
    }

    fn add(&mut self, place: Place, body: Body, ownership: (u32, u32, u32)) {
        self.inode += 1;
        let node = Node { inode: self.inode, change: self.change, ownership, body };
        self.nodes.insert(place, node);
    }
}

fn owner(ownership: Ownership, mode: u32) -> (u32, u32, u32) {
    (ownership.uid.unwrap_or(0), ownership.gid.unwrap_or(0), ownership.mode.unwrap_or(mode))
}
