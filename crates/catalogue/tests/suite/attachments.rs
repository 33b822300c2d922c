//! Attachments: made, found by id and by secret, ended, and in the way of a deletion.

use std::time::Duration;

use holdfast_base::{AttachmentId, UidPolicy};
use holdfast_catalogue::{
    AttachedDirectory, Attachment, AttachmentSecret, CatalogueError, NewAttachment, State,
};

use crate::suite::support::{Bench, ROOMY, new as new_filesystem};

const MAX: u64 = 3;

fn full() -> NewAttachment {
    NewAttachment {
        read_only: true,
        directory: Some(("/a/b".to_owned(), AttachedDirectory { ino: 1 << 40, generation: u32::MAX })),
        uid_policy: UidPolicy::Map { uid: 1000, gid: 0 },
        networks: vec!["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()],
        owner: "sandbox ä".to_owned(),
        lifetime: Some(Duration::from_secs(60)),
    }
}

impl Bench {
    async fn attach(&self, filesystem: &str, new: NewAttachment) -> (Attachment, AttachmentSecret) {
        let id = filesystem.parse().unwrap();
        self.catalogue.create_attachment(self.team, id, new, MAX).await.unwrap()
    }
}

#[tokio::test]
async fn an_attachment_is_what_was_asked_for_and_found_every_way() {
    let bench = Bench::new().await;
    let filesystem = bench.filesystem("data").await.id;
    let catalogue = &bench.catalogue;
    for (new, subpath) in [(NewAttachment::default(), "/"), (full(), "/a/b")] {
        let (made, secret) = bench.attach(&filesystem.to_string(), new.clone()).await;
        assert_eq!(made.subpath, subpath);
        assert_eq!(made.directory, new.directory.map(|(_, directory)| directory));
        assert_eq!((made.uid_policy, &made.networks), (new.uid_policy, &new.networks));
        assert_eq!(made.expires_at.map(|at| at.seconds - made.created_at.seconds), new.lifetime.map(|_| 60));
        assert_eq!(catalogue.get_attachment(bench.team, filesystem, made.id).await.unwrap(), made);
        assert_eq!(catalogue.get_attachment_any_team(made.id).await.unwrap(), made);
        assert_eq!(catalogue.find_attachment(secret.reveal()).await.unwrap(), Some(made.clone()));
        assert!(!format!("{secret:?}").contains(secret.reveal()));
        assert_eq!(catalogue.list_attachments(bench.team, filesystem).await.unwrap().last(), Some(&made));
        bench.tick();
    }
    let unknown = "0".repeat(64);
    for wrong in ["", "data", unknown.as_str(), &unknown.replace('0', "A")] {
        assert_eq!(catalogue.find_attachment(wrong).await.unwrap(), None, "{wrong}");
    }
}

#[tokio::test]
async fn what_breaks_a_rule_or_finds_no_room_is_refused() {
    let bench = Bench::new().await;
    let filesystem = bench.filesystem("data").await.id;
    let attach = |new| bench.catalogue.create_attachment(bench.team, filesystem, new, MAX);
    let plain = NewAttachment::default;
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    for (field, new) in [
        ("owner", NewAttachment { owner: "x".repeat(251), ..plain() }),
        ("owner", NewAttachment { owner: "a\nb".to_owned(), ..plain() }),
        ("allowedAddresses", NewAttachment { networks: vec!["::1".parse().unwrap(); 33], ..plain() }),
        ("expiresInSeconds", NewAttachment { lifetime: seconds(0), ..plain() }),
        ("expiresInSeconds", NewAttachment { lifetime: seconds(31_536_001), ..plain() }),
        ("uid", NewAttachment { uid_policy: UidPolicy::Map { uid: u32::MAX, gid: 0 }, ..plain() }),
    ] {
        let refused = attach(new).await.unwrap_err();
        assert!(matches!(&refused, CatalogueError::Invalid { field: f, .. } if *f == field), "{refused:?}");
    }
    for _ in 0..MAX {
        attach(full()).await.unwrap();
    }
    let refused = attach(plain()).await;
    assert!(matches!(refused, Err(CatalogueError::TooManyAttachments { limit: MAX })), "{refused:?}");
    bench.clock.advance(Duration::from_secs(61));
    attach(plain()).await.expect("what has expired makes room");
    let nowhere = "fs-7f2c1a52-9c1d-4b5e-8d7e-0a1b2c3d4e5f".parse().unwrap();
    let refused = bench.catalogue.create_attachment(bench.team, nowhere, plain(), MAX).await;
    assert!(matches!(refused, Err(CatalogueError::NotFound { noun: "filesystem" })), "{refused:?}");
}

#[tokio::test]
async fn what_has_ended_is_not_found_and_is_told_of_until_it_is_purged() {
    let bench = Bench::new().await;
    let filesystem = bench.filesystem("data").await.id;
    let catalogue = &bench.catalogue;
    let (revoked, one) = bench.attach(&filesystem.to_string(), NewAttachment::default()).await;
    let (expiring, two) = bench.attach(&filesystem.to_string(), full()).await;
    let (live, _) = bench.attach(&filesystem.to_string(), NewAttachment::default()).await;
    assert!(catalogue.list_ended_attachments().await.unwrap().is_empty());
    catalogue.revoke_attachment(bench.team, filesystem, revoked.id).await.unwrap();
    let again = catalogue.revoke_attachment(bench.team, filesystem, revoked.id).await;
    assert!(matches!(again, Err(CatalogueError::NotFound { noun: "attachment" })));
    bench.clock.advance(Duration::from_secs(60));
    for (ended, secret) in [(&revoked, one), (&expiring, two)] {
        assert!(catalogue.get_attachment(bench.team, filesystem, ended.id).await.is_err());
        assert!(catalogue.get_attachment_any_team(ended.id).await.is_err());
        assert_eq!(catalogue.find_attachment(secret.reveal()).await.unwrap(), None);
    }
    let told: Vec<_> = catalogue.list_ended_attachments().await.unwrap().iter().map(|e| e.id).collect();
    assert_eq!(told, [revoked.id, expiring.id]);
    for attachment in [revoked.id, revoked.id, expiring.id, live.id] {
        catalogue.purge_attachment(attachment).await.unwrap();
    }
    assert!(catalogue.list_ended_attachments().await.unwrap().is_empty());
    assert_eq!(catalogue.list_attachments(bench.team, filesystem).await.unwrap(), [live]);
}

#[tokio::test]
async fn activity_is_noted_and_never_goes_back() {
    let bench = Bench::new().await;
    let filesystem = bench.filesystem("data").await.id;
    let (made, _) = bench.attach(&filesystem.to_string(), NewAttachment::default()).await;
    let at = |seconds| holdfast_base::Timestamp { seconds, nanos: 0 };
    let gone: AttachmentId = "att-7f2c1a52-9c1d-4b5e-8d7e-0a1b2c3d4e5f".parse().unwrap();
    for (noted, wanted) in [(50, 50), (40, 50), (60, 60)] {
        bench.catalogue.note_activity(&[(gone, at(noted)), (made.id, at(noted))]).await.unwrap();
        let found = bench.catalogue.get_attachment_any_team(made.id).await.unwrap();
        assert_eq!(found.last_active_at, Some(at(wanted)));
    }
}

#[tokio::test]
async fn an_attached_filesystem_is_deleted_by_force_only() {
    let bench = Bench::new().await;
    let filesystem = bench.filesystem("data").await.id;
    let catalogue = &bench.catalogue;
    bench.attach(&filesystem.to_string(), full()).await;
    bench.clock.advance(Duration::from_secs(61));
    let (made, secret) = bench.attach(&filesystem.to_string(), NewAttachment::default()).await;
    let refused = catalogue.mark_deleting(bench.team, filesystem, false, Duration::ZERO).await.unwrap_err();
    let CatalogueError::Attached { holders } = refused else { panic!("{refused:?}") };
    assert_eq!(holders.iter().map(|holder| holder.attachment).collect::<Vec<_>>(), [made.id]);
    assert!(catalogue.get_filesystem_any_team(filesystem).await.is_ok());
    let ended = catalogue.mark_deleting(bench.team, filesystem, true, Duration::ZERO).await.unwrap();
    assert_eq!(ended, holders);
    assert_eq!(catalogue.find_attachment(secret.reveal()).await.unwrap(), None);
    assert_eq!(catalogue.list_ended_attachments().await.unwrap().len(), 2);
    let refused = catalogue.create_attachment(bench.team, filesystem, NewAttachment::default(), MAX).await;
    assert!(matches!(refused, Err(CatalogueError::NotFound { noun: "filesystem" })));
    catalogue.purge_filesystem(filesystem).await.unwrap();
    assert!(catalogue.list_ended_attachments().await.unwrap().is_empty(), "they go with it");
}

/// Whatever the order: never a filesystem on its way out with a live attachment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_races_with_an_attachment() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::in_folder(folder.path(), 1).await;
    for round in 0..10 {
        let filesystem = bench.filesystem(&format!("data-{round}")).await.id;
        let attach = bench.catalogue.create_attachment(bench.team, filesystem, NewAttachment::default(), MAX);
        let delete = bench.catalogue.mark_deleting(bench.team, filesystem, false, Duration::ZERO);
        let (attached, deleted) = tokio::join!(attach, delete);
        assert!(attached.is_ok() != deleted.is_ok(), "{attached:?} {deleted:?}");
    }
    let going = bench.catalogue.list_unfinished().await.unwrap();
    assert!(going.iter().all(|row| row.state == State::Deleting));
}

#[tokio::test]
async fn another_teams_attachments_are_not_found() {
    let bench = Bench::new().await;
    let filesystem = bench.filesystem("data").await.id;
    let (made, _) = bench.attach(&filesystem.to_string(), NewAttachment::default()).await;
    let catalogue = &bench.catalogue;
    let other = catalogue.create_team("other").await.unwrap().id;
    assert!(catalogue.get_attachment(other, filesystem, made.id).await.is_err());
    assert!(catalogue.revoke_attachment(other, filesystem, made.id).await.is_err());
    assert!(catalogue.list_attachments(other, filesystem).await.unwrap().is_empty());
    assert!(catalogue.create_attachment(other, filesystem, NewAttachment::default(), MAX).await.is_err());
    let theirs = catalogue.create_filesystem(other, new_filesystem("data"), ROOMY).await.unwrap().id;
    assert!(catalogue.get_attachment(bench.team, theirs, made.id).await.is_err(), "of another filesystem");
    assert_eq!(catalogue.get_attachment_any_team(made.id).await.unwrap(), made);
}
