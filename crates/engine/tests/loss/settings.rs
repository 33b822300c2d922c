//! Durability class and compression of a volume: changed by a record, kept over crashes and checkpoints.

use crate::common::*;
use holdfast_base::VolumeId;
use holdfast_engine::{Compression, Durability, VolumeSettings, VolumeSpec};

const CHOSEN: VolumeSettings =
    VolumeSettings { durability: Durability::Relaxed, compression: Compression::None };

#[tokio::test]
async fn settings_survive_replay_and_checkpoints() {
    let mut machine = Machine::start(1).await;
    let id = VolumeId::generate(machine.random.as_ref());
    machine.engine.create_volume(id, VolumeSpec { settings: CHOSEN, ..SPEC }).await.unwrap();
    assert_eq!(machine.open(id).await.settings(), CHOSEN);

    let mut wanted = CHOSEN;
    for durability in [Durability::Object, Durability::Local, Durability::Relaxed] {
        wanted.durability = durability;
        let volume = machine.open(id).await;
        volume.set_settings(wanted).await.unwrap().durable().await.unwrap();
        assert_eq!(volume.settings(), wanted);
        drop(volume);
        // From the journal, then from the index.
        machine = machine.crash().await;
        assert_eq!(machine.open(id).await.settings(), wanted);
        machine = machine.restart().await;
        assert_eq!(machine.open(id).await.settings(), wanted);
    }
}
