//! One room of this node and its log: runs the room's owner machine, one request at a time.

use super::member::{Member, Outage};
use crate::host::fleet::{Outcome, RoomLink};
use crate::host::inbox::{FleetEvent, RoomEvent};
use fleet::engine::{Answer, Request, Stored};
use fleet::owner::{Action, Event, Lost, Owner, Portion};
use metrics::{counter, histogram};
use shared::id::Tick;
use shared::recording::Header;
use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep_until};

type Asked = Pin<Box<dyn Future<Output = Answer> + Send>>;

pub struct Steward {
    pub member: Arc<Member>,
    pub room: String,
    pub owner: Owner,
    pub portions: UnboundedReceiver<Portion>,
    pub outcome: SyncSender<Outcome>,
    pub link: RoomLink,
    /// Of the claim, once it is won.
    pub epoch: Option<u64>,
    pub replicated: Tick,
}

impl Steward {
    /// Runs until the room is lost, left or dropped by its thread.
    pub async fn run(mut self) {
        let mut asked: Option<(Asked, std::time::Instant)> = None;
        let mut room_is_gone = false;
        loop {
            let now = self.member.now();
            if let Some(heard) = self.member.peer_heard_at() {
                self.owner.handle(Event::PeerHeard, heard);
            }
            while let Some(action) = self.owner.poll(now) {
                match action {
                    Action::Ask(request) => asked = Some((self.ask(request), std::time::Instant::now())),
                    action => self.act(action),
                }
            }
            // A room whose thread has panicked says no farewell.
            if self.owner.is_over() || room_is_gone && self.owner.is_idle() {
                break;
            }
            let wake = self.owner.wake_at().map(|at| self.member.instant(at));
            tokio::select! {
                answer = async {
                    match &mut asked {
                        Some((asked, _)) => asked.await,
                        None => pending().await,
                    }
                } => {
                    if let (Some((_, since)), Answer::Appended(_)) = (asked.take(), &answer) {
                        histogram!("driftbelt_fleet_append_seconds").record(since.elapsed());
                    }
                    self.owner.handle(Event::Answer(answer), self.member.now());
                }
                portion = self.portions.recv(), if !room_is_gone => match portion {
                    Some(portion) => self.owner.handle(Event::Portion(portion), self.member.now()),
                    None => room_is_gone = true,
                },
                () = async {
                    match wake {
                        Some(wake) => sleep_until(Instant::from_std(wake)).await,
                        None => pending().await,
                    }
                } => {}
            }
        }
        self.member.forget(&self.room, self.epoch);
    }

    fn ask(&self, request: Request) -> Asked {
        let (member, room) = (self.member.clone(), self.room.clone());
        Box::pin(async move { member.engine.ask(&room, request).await })
    }

    fn act(&mut self, action: Action) {
        let Steward { member, room, link, .. } = self;
        match action {
            Action::Ask(_) => {}
            Action::Begin { epoch } => {
                tracing::info!(room, epoch, "room claimed: it is new");
                self.epoch = Some(epoch);
                member.own(room, epoch);
                let _ = self.outcome.try_send(Outcome::Begin);
            }
            Action::Restore { epoch, records } => {
                let recording = joined(&records);
                let (records, bytes) = (records.len(), recording.len());
                tracing::info!(room, epoch, records, bytes, "room claimed: it is restored");
                counter!("driftbelt_fleet_takeovers_total").increment(1);
                self.epoch = Some(epoch);
                member.own(room, epoch);
                let _ = self.outcome.try_send(Outcome::Restore(recording));
            }
            Action::Lost(why) => {
                let url = match &why {
                    Lost::Taken(by) => member.url_of(by),
                    Lost::NoRoom | Lost::OtherBuild(_) => None,
                };
                if let Lost::OtherBuild(build) = &why {
                    tracing::warn!(
                        room,
                        build,
                        "the room was made by another build: its node must run that one"
                    );
                }
                member.settle(room);
                let _ = self.outcome.try_send(Outcome::Lost { why, url });
            }
            Action::Replicated(tick) => {
                self.replicated = tick;
                link.commits.replicate(tick);
            }
            Action::Pause => {
                counter!("driftbelt_fleet_pauses_total").increment(1);
                match member.options.outage {
                    Outage::Pause => {
                        tracing::warn!(room, "the fleet's log does not answer: the room pauses");
                        link.commits.set_paused(true);
                    }
                    Outage::Continue => {
                        tracing::error!(
                            room,
                            "the fleet's log does not answer: the room goes on, and is lost if this machine is"
                        );
                        link.commits.open_replica();
                    }
                }
            }
            Action::Resume => {
                tracing::info!(room, "the fleet's log answers again: the room goes on");
                if member.options.outage == Outage::Continue {
                    link.commits.await_replica(self.replicated);
                }
                link.commits.set_paused(false);
                self.tell(FleetEvent::Resumed);
            }
            Action::CutOff => {
                tracing::warn!(room, "no other node is heard: the players are sent away");
                if member.options.outage == Outage::Pause {
                    self.tell(FleetEvent::CutOff);
                }
            }
            Action::RecordKeyframe => {
                tracing::error!(
                    room,
                    "the fleet's log has lost its newest records: the room is recorded again"
                );
                self.tell(FleetEvent::RecordKeyframe);
            }
            Action::Fenced { by, epoch } => {
                tracing::warn!(room, by, epoch, "another node runs the room: this one stops it");
                counter!("driftbelt_fleet_fences_total").increment(1);
                let url = member.url_of(&by);
                self.tell(FleetEvent::Fenced { url });
            }
            Action::Left { to } => {
                member.release(room, to);
                self.tell(FleetEvent::Left);
            }
        }
    }

    fn tell(&self, event: FleetEvent) {
        // A room that has ended needs no word.
        let _ = self.link.inbox.post(RoomEvent::Fleet(event));
    }
}

/// The records as one recording. Each keyframe's record begins as a file does; a recording has one header.
fn joined(records: &[Stored]) -> Vec<u8> {
    let mut recording = Vec::new();
    for Stored { head, bytes, .. } in records {
        let header_bytes = match Header::read(bytes) {
            Ok((_, header_bytes)) if head.has_keyframe && !recording.is_empty() => header_bytes,
            _ => 0,
        };
        recording.extend_from_slice(&bytes[header_bytes..]);
    }
    recording
}
