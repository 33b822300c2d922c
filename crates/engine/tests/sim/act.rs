//! Doing one operation on the engine and on the model, and comparing what they say.

use std::rc::Rc;
use std::sync::Arc;

use holdfast_engine::{Attr, Caller, Error, FileId, ListEntry, Pending, PutOwner, SetAttr, Volume, Wcc};

use crate::history::Tracked;
use crate::model::{Body, Outcome, Refusal, Tree, pattern};
use crate::ops::Op;
use crate::power::Power;
use crate::verdict::Verdict;

/// One client at work on one volume.
#[derive(Clone)]
pub struct Client {
    pub tracked: Rc<Tracked>,
    pub power: Power,
    pub verdict: Verdict,
}

/// What became of an operation.
pub enum Done {
    /// It changed the volume to the state with this number, and this waits until that is durable.
    Changed(usize, Wait),
    /// It changed nothing.
    Unchanged,
    /// Disk or store failed it, without effect.
    Failed(Error),
}

/// Resolves when a change is durable.
pub type Wait = std::pin::Pin<Box<dyn Future<Output = Result<(), Error>>>>;

fn root() -> Caller {
    Caller::root()
}

impl Client {
    fn violated(&self, what: String) -> Done {
        self.verdict.violated(&self.power, what);
        Done::Unchanged
    }

    /// Does an operation.
    pub async fn act(&self, volume: &Arc<Volume>, op: &Op) -> Done {
        match op {
            Op::Create { dir, name, how } => {
                let got = volume.create(&root(), *dir, name.as_bytes(), *how).await;
                let apply = |tree: &mut Tree, made: Option<&Attr>| tree.create(*dir, name, *how, made);
                self.settle_made(op, got, apply)
            }
            Op::Mkdir { dir, name } => {
                let attributes = SetAttr { mode: Some(0o755), ..SetAttr::default() };
                let got = volume.mkdir(&root(), *dir, name.as_bytes(), attributes).await;
                self.settle_made(op, got, |tree, made| tree.mkdir(*dir, name, made))
            }
            Op::Symlink { dir, name, target } => {
                let (caller, none) = (root(), SetAttr::default());
                let got = volume.symlink(&caller, *dir, name.as_bytes(), target.as_bytes(), none).await;
                self.settle_made(op, got, |tree, made| tree.symlink(*dir, name, target, made))
            }
            Op::Link { file, dir, name } => {
                let got = volume.link(&root(), *file, *dir, name.as_bytes()).await;
                let apply = |tree: &mut Tree, _: Option<&_>| tree.link(*file, *dir, name);
                self.settle(op, got, apply, |linked| vec![linked.attr, linked.dir.after])
            }
            Op::Remove { dir, name } => {
                let got = volume.remove(&root(), *dir, name.as_bytes()).await;
                self.settle_wcc(op, got, |tree| tree.remove(*dir, name))
            }
            Op::Rmdir { dir, name } => {
                let got = volume.rmdir(&root(), *dir, name.as_bytes()).await;
                self.settle_wcc(op, got, |tree| tree.rmdir(*dir, name))
            }
            Op::Rename { from, from_name, to, to_name } => {
                let (old, new) = (from_name.as_bytes(), to_name.as_bytes());
                let got = volume.rename(&root(), *from, old, *to, new).await;
                let apply = |tree: &mut Tree, _: Option<&_>| tree.rename(*from, from_name, *to, to_name);
                self.settle(op, got, apply, |moved| vec![moved.from_dir.after, moved.to_dir.after])
            }
            Op::Write { file, offset, len, tag } => {
                let data = pattern(*tag, *len as usize);
                let got = volume.write(&root(), *file, *offset, data).await;
                let apply = |tree: &mut Tree, _: Option<&_>| tree.write(*file, *offset, *len, *tag);
                self.settle(op, got, apply, |written| vec![written.wcc.after])
            }
            Op::SetAttr { file, attributes } => {
                let got = volume.setattr(&root(), *file, *attributes, None).await;
                self.settle_wcc(op, got, |tree| tree.setattr(*file, *attributes))
            }
            Op::SetLimits { limit_bytes, limit_inodes } => {
                let got = volume.set_limits(*limit_bytes, *limit_inodes).await;
                let apply = |tree: &mut Tree, _: Option<&()>| tree.set_limits(*limit_bytes, *limit_inodes);
                self.settle(op, got, apply, |()| Vec::new())
            }
            Op::Upload { path, len, tag, only_new } => {
                self.upload(volume, op, path, (*len, *tag), *only_new).await
            }
            Op::Commit { file } => self.commit(volume, *file).await,
            Op::Read { file, offset, count } => self.read(volume, *file, *offset, *count).await,
            Op::Getattr { file } => self.getattr(volume, *file).await,
            Op::Lookup { dir, name } => self.lookup(volume, *dir, name).await,
            Op::List { dir } => self.list(volume, *dir).await,
        }
    }

    fn settle_made(
        &self,
        op: &Op,
        got: Result<Pending<holdfast_engine::Entry>, Error>,
        apply: impl Fn(&mut Tree, Option<&Attr>) -> Outcome,
    ) -> Done {
        if let Ok(made) = &got {
            let file = made.peek().attr.id();
            let known = self.tracked.now().node(file.ino).is_some();
            if !known && !self.tracked.is_new(file) && !self.power.is_off() {
                return self.violated(format!("{op:?} gave {file:?}, which was given out before"));
            }
        }
        let apply =
            |tree: &mut Tree, made: Option<&holdfast_engine::Entry>| apply(tree, made.map(|made| &made.attr));
        self.settle(op, got, apply, |made| vec![made.attr, made.dir.after])
    }

    fn settle_wcc(
        &self,
        op: &Op,
        got: Result<Pending<Wcc>, Error>,
        apply: impl Fn(&mut Tree) -> Outcome,
    ) -> Done {
        self.settle(op, got, |tree, _| apply(tree), |wcc| vec![wcc.after])
    }

    /// Compares an answer with what the model says, and takes over what it tells.
    fn settle<T: 'static>(
        &self,
        op: &Op,
        got: Result<Pending<T>, Error>,
        apply: impl Fn(&mut Tree, Option<&T>) -> Outcome,
        told: impl Fn(&T) -> Vec<Attr>,
    ) -> Done {
        if self.power.is_off() {
            return Done::Unchanged;
        }
        let pending = match got {
            Ok(pending) => pending,
            Err(error) => return self.settle_error(op, error, |tree| apply(tree, None)),
        };
        let (mut tree, outcome) = self.tracked.try_apply(|tree| apply(tree, Some(pending.peek())));
        if let Err(refusal) = outcome {
            return self.violated(format!("{op:?} worked; {refusal:?} was due"));
        }
        for attr in told(pending.peek()) {
            if let Err(difference) = tree.learn(&attr) {
                return self.violated(format!("{op:?} answered {difference}"));
            }
        }
        let index = self.tracked.push(tree);
        self.verdict.log(|| format!("{:?} #{index} {op:?}", self.tracked.id));
        Done::Changed(index, Box::pin(async move { pending.durable().await.map(drop) }))
    }

    /// A refusal must be the one that is due; a fault must be one.
    fn settle_error(&self, op: &Op, error: Error, apply: impl FnOnce(&mut Tree) -> Outcome) -> Done {
        let Some(refusal) = Refusal::of(&error) else { return self.fault(op, error) };
        let (_, outcome) = self.tracked.try_apply(apply);
        if outcome == Err(refusal) {
            return Done::Unchanged;
        }
        self.violated(format!("{op:?} answered {error:?}; {outcome:?} was due"))
    }

    fn fault(&self, op: &Op, error: Error) -> Done {
        if self.power.is_off() {
            return Done::Unchanged;
        }
        self.verdict.log(|| format!("{:?} {op:?} failed: {error}", self.tracked.id));
        match error {
            Error::Unavailable(_) | Error::Io(_) => Done::Failed(error),
            other => self.violated(format!("{op:?} failed with {other:?}")),
        }
    }

    async fn upload(
        &self,
        volume: &Arc<Volume>,
        op: &Op,
        path: &str,
        (len, tag): (u64, u64),
        only_new: bool,
    ) -> Done {
        let mut upload = volume.upload();
        if let Err(error) = upload.write(pattern(tag, len as usize)).await {
            if self.power.is_off() {
                return Done::Unchanged;
            }
            let due = len > self.tracked.now().limit_bytes;
            return match Refusal::of(&error) {
                Some(Refusal::Quota) if due => Done::Unchanged,
                _ => self.fault(op, error),
            };
        }
        let check = move |found: Option<&Attr>| !only_new || found.is_none();
        let got = upload.finish(path.as_bytes(), PutOwner::default(), &check).await;
        if let Ok(put) = &got
            && put.peek().created
            && !self.tracked.is_new(put.peek().attr.id())
            && !self.power.is_off()
        {
            return self.violated(format!("{op:?} gave a handle that was given out before"));
        }
        let apply = |tree: &mut Tree, put: Option<&holdfast_engine::PutOutcome>| {
            tree.upload(path, len, tag, only_new, put.map(|put| &put.attr))
        };
        self.settle(op, got, apply, |put| vec![put.attr])
    }

    async fn commit(&self, volume: &Arc<Volume>, file: FileId) -> Done {
        let before = self.tracked.index();
        let done = volume.commit(file).await;
        if self.power.is_off() {
            return Done::Unchanged;
        }
        let op = Op::Commit { file };
        match done {
            Ok(_) => {
                self.tracked.promise(before);
                self.verdict.log(|| format!("{:?} #{before} is promised by COMMIT", self.tracked.id));
                Done::Unchanged
            }
            Err(Error::Stale) if self.ever_since(before, |tree| tree.file(file).is_err()) => Done::Unchanged,
            Err(error) => self.fault(&op, error),
        }
    }

    /// Whether something held at any moment since a state.
    fn ever_since(&self, index: usize, holds: impl Fn(&Tree) -> bool) -> bool {
        self.tracked.since(index).iter().any(|tree| holds(tree))
    }

    async fn read(&self, volume: &Arc<Volume>, file: FileId, offset: u64, count: u32) -> Done {
        let before = self.tracked.index();
        let got = volume.read(&root(), file, offset, count).await;
        let op = Op::Read { file, offset, count };
        if self.power.is_off() {
            return Done::Unchanged;
        }
        let data = match got {
            Ok(data) => data,
            Err(error) => {
                let Some(refusal) = Refusal::of(&error) else { return self.fault(&op, error) };
                let due = self.ever_since(before, |tree| tree.content(file).err() == Some(refusal));
                return if due {
                    Done::Unchanged
                } else {
                    self.violated(format!("{op:?} answered {error:?}"))
                };
            }
        };
        let bytes = data.chunks.concat();
        let right = |tree: &Tree| {
            let Ok(node) = tree.file(file) else { return false };
            let expected = node.attr.size.saturating_sub(offset).min(u64::from(count));
            let content = tree.content(file);
            bytes.len() as u64 == expected
                && content.is_ok_and(|content| content.mismatch(offset, &bytes).is_none())
        };
        if self.ever_since(before, right) {
            return Done::Unchanged;
        }
        let now = self.tracked.now();
        let wrong = now.content(file).ok().and_then(|content| content.mismatch(offset, &bytes));
        self.violated(format!("{op:?} gave {} bytes that were never there (first at {wrong:?})", bytes.len()))
    }

    async fn getattr(&self, volume: &Arc<Volume>, file: FileId) -> Done {
        let got = volume.getattr(file).await;
        let op = Op::Getattr { file };
        if self.power.is_off() {
            return Done::Unchanged;
        }
        match got {
            Ok(attr) => self.amend(&op, |tree| tree.file(file).map(drop), &[attr]),
            Err(error) => self.settle_error(&op, error, |tree| tree.file(file).map(drop)),
        }
    }

    async fn lookup(&self, volume: &Arc<Volume>, dir: FileId, name: &str) -> Done {
        let got = volume.lookup(&root(), dir, name.as_bytes()).await;
        let op = Op::Lookup { dir, name: name.to_owned() };
        let find = |tree: &mut Tree| tree.dir(dir)?.get(name).copied().ok_or(Refusal::NotFound);
        if self.power.is_off() {
            return Done::Unchanged;
        }
        match got {
            Ok((attr, parent)) => self.amend(
                &op,
                |tree| if find(tree)? == attr.ino { Ok(()) } else { Err(Refusal::NotFound) },
                &[attr, parent],
            ),
            Err(error) => self.settle_error(&op, error, |tree| find(tree).map(drop)),
        }
    }

    async fn list(&self, volume: &Arc<Volume>, dir: FileId) -> Done {
        let got = volume.list(&root(), dir, 0, usize::MAX, true).await;
        let op = Op::List { dir };
        if self.power.is_off() {
            return Done::Unchanged;
        }
        match got {
            Ok(listing) => {
                let attrs: Vec<_> = listing.entries.iter().filter_map(|entry| entry.attr).collect();
                let right = |tree: &mut Tree| {
                    let same = entries_are(tree, dir, &listing.entries)?;
                    if same && listing.end { Ok(()) } else { Err(Refusal::NotFound) }
                };
                self.amend(&op, right, &attrs)
            }
            Err(error) => self.settle_error(&op, error, |tree| tree.dir(dir).map(drop)),
        }
    }

    /// An answer that changes nothing must fit the state now; its times are taken over.
    fn amend(&self, op: &Op, fits: impl FnOnce(&mut Tree) -> Outcome, told: &[Attr]) -> Done {
        let (mut tree, outcome) = self.tracked.try_apply(fits);
        if let Err(refusal) = outcome {
            return self.violated(format!("{op:?} gave {told:?}; {refusal:?} was due"));
        }
        for attr in told {
            if let Err(difference) = tree.learn(attr) {
                return self.violated(format!("{op:?} answered {difference}"));
            }
        }
        self.tracked.amend(tree);
        Done::Unchanged
    }
}

/// Whether a whole listing is what the model has.
pub fn entries_are(tree: &Tree, dir: FileId, listed: &[ListEntry]) -> Result<bool, Refusal> {
    let Body::Dir { entries, .. } = &tree.file(dir)?.body else { return Err(Refusal::NotDirectory) };
    let mut found: Vec<_> =
        listed.iter().map(|entry| (String::from_utf8_lossy(&entry.name).into_owned(), entry.ino)).collect();
    found.sort();
    Ok(found.iter().map(|(name, ino)| (name, ino)).eq(entries.iter()))
}
