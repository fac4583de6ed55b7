//! The node: says what runs here, hears what runs elsewhere, claims what runs nowhere, and gives its rooms away when it stops.

use super::member::{FleetOptions, Member};
use super::nats::{Beats, ConnectError, Engine, Heard};
use super::steward::Steward;
use crate::host::fleet::{
    Claim, Fleet, FleetOrder, FleetStatus, Moderation, NodeRoom, NodeStatus, Occupancy, RoomLink, Wish,
};
use crate::host::lobby::Lobby;
use fleet::directory::{BEAT_INTERVAL, Beat, RoomBeat, Whereabouts};
use fleet::owner::{self, Owner, Process};
use metrics::gauge;
use shared::id::Tick;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::task::spawn_blocking;
use tokio::time::{interval, sleep, timeout};

/// How often a node looks for rooms that nobody runs.
const WATCH_INTERVAL: Duration = Duration::from_millis(50);
/// A node that starts listens for this long before it takes players: it would open rooms that others run.
const LISTEN_LIMIT: Duration = Duration::from_millis(1200);
/// Longest wait for the rooms that are given to other nodes.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);
/// Longest wait at the end for what rooms have recorded.
const FINISH_LIMIT: Duration = Duration::from_secs(1);
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A node of a fleet.
#[derive(Clone)]
pub struct Node {
    member: Arc<Member>,
    runtime: Handle,
}

impl Node {
    /// Joins the fleet and hears the other nodes, before there are rooms.
    pub async fn join(options: FleetOptions) -> Result<Node, ConnectError> {
        let engine = Engine::connect(&options.servers, &options.name).await?;
        // Two processes may have one name for a moment, or by mistake.
        let process = getrandom::u64().unwrap_or_else(|_| u64::from(std::process::id()));
        let me = Process { node: options.name.clone(), process, build: sim::Sim::BUILD.into() };
        let member = Arc::new(Member::new(me, options, engine));
        let beats = member.engine.beats().await?;
        tokio::spawn(hear(member.clone(), beats));
        member.engine.ask_beats().await;
        sleep(LISTEN_LIMIT).await;
        Ok(Node { member, runtime: Handle::current() })
    }

    /// Says what runs here, and claims what nobody runs.
    pub fn start(&self, lobby: &Lobby) {
        tokio::spawn(say(self.member.clone(), lobby.clone()));
        tokio::spawn(watch(self.member.clone(), lobby.clone()));
    }

    /// Takes the standing orders of a node that runs, and the orders of all nodes from now on.
    pub async fn moderate(&self, moderation: Arc<dyn Moderation>) {
        let (send, heard) = mpsc::unbounded_channel();
        let standing = self.member.engine.ask_standing().await;
        let _ = self.member.moderation.set(send);
        tokio::spawn(obey(self.member.clone(), moderation, standing, heard));
    }

    /// Gives the rooms to other nodes of the same build, as far as there are any, and waits until they have them.
    pub async fn drain(&self, lobby: &Lobby) {
        lobby.set_draining(true);
        self.member.changed.notify_one();
        let mut given = BTreeMap::<String, usize>::new();
        let moving = lobby.hand_over(|| {
            let state = self.member.state();
            let build = &self.member.me.build;
            let others = state.directory.nodes().filter(|beat| beat.build == *build && !beat.is_draining);
            let load = |beat: &&Beat| beat.rooms.len() + given.get(&beat.node).copied().unwrap_or(0);
            let Beat { node, url, .. } = others.min_by_key(load)?;
            *given.entry(node.clone()).or_default() += 1;
            Some((node.clone(), url.clone()))
        });
        tracing::info!(rooms = moving, "rooms are given to other nodes");
        let emptied = async {
            while moving > 0 && lobby.rooms_running() > 0 {
                sleep(POLL_INTERVAL).await;
            }
        };
        if timeout(DRAIN_LIMIT, emptied).await.is_err() {
            tracing::warn!(rooms = lobby.rooms_running(), "not all rooms were given away in time");
        }
    }

    /// Says goodbye to the other nodes, once the log has what the rooms have recorded.
    pub async fn leave(&self, lobby: &Lobby) {
        self.finish().await;
        let beat = self.member.beat(lobby.occupancy(), true);
        self.member.engine.beat(&Beat { is_leaving: true, ..beat }).await;
    }

    /// Waits until the log has what the rooms have recorded.
    pub async fn finish(&self) {
        let finished = async {
            while self.member.state().stewards > 0 {
                sleep(POLL_INTERVAL).await;
            }
        };
        let _ = timeout(FINISH_LIMIT, finished).await;
    }

    /// Whether there is a node that could take the rooms.
    pub fn has_peer(&self) -> bool {
        self.member.state().directory.least_loaded(&self.member.me.build).is_some()
    }
}

async fn hear(member: Arc<Member>, mut beats: Beats) {
    while let Some(heard) = beats.next().await {
        match heard {
            Heard::Beat(beat) if beat.process == member.me.process => {}
            Heard::Beat(beat) => {
                if beat.node == member.me.node {
                    let node = &beat.node;
                    tracing::error!(node, "another process has this node's name: --fleet-name must differ");
                }
                member.hear(beat);
            }
            Heard::Asked => member.changed.notify_one(),
            Heard::Order { process, .. } if process == member.me.process => {}
            heard @ (Heard::Order { .. } | Heard::StandingAsked(_)) => {
                if let Some(moderation) = member.moderation.get() {
                    let _ = moderation.send(heard);
                }
            }
        }
    }
}

/// Carries out orders one after the other, beside the beats: a slow disk must not make other nodes look dead.
async fn obey(
    member: Arc<Member>,
    moderation: Arc<dyn Moderation>,
    standing: Option<Vec<FleetOrder>>,
    mut heard: UnboundedReceiver<Heard>,
) {
    if let Some(standing) = standing {
        on_disk(&moderation, move |moderation| moderation.replace(standing)).await;
    }
    while let Some(heard) = heard.recv().await {
        match heard {
            Heard::Order { order, .. } => {
                on_disk(&moderation, move |moderation| moderation.carry_out(order)).await;
            }
            Heard::StandingAsked(asker) => {
                member.engine.answer_standing(asker, &moderation.standing()).await;
            }
            Heard::Beat(_) | Heard::Asked => {}
        }
    }
}

async fn on_disk(moderation: &Arc<dyn Moderation>, act: impl FnOnce(&dyn Moderation) + Send + 'static) {
    let moderation = moderation.clone();
    if let Err(error) = spawn_blocking(move || act(&*moderation)).await {
        tracing::error!(%error, "an order of another node could not be carried out");
    }
}

async fn say(member: Arc<Member>, lobby: Lobby) {
    let mut beats = interval(BEAT_INTERVAL);
    loop {
        tokio::select! {
            _ = beats.tick() => {}
            () = member.changed.notified() => {}
        }
        let released = std::mem::take(&mut member.state().released);
        let beat = Beat { released, ..member.beat(lobby.occupancy(), lobby.is_draining()) };
        gauge!("driftbelt_fleet_nodes").set(1.0 + member.state().directory.nodes().count() as f64);
        member.engine.beat(&beat).await;
    }
}

async fn watch(member: Arc<Member>, lobby: Lobby) {
    let mut looks = interval(WATCH_INTERVAL);
    loop {
        looks.tick().await;
        let now = member.now();
        let (claimable, released) = {
            let mut state = member.state();
            state.directory.expire(now);
            let claimable = state.directory.claimable(&member.me.node, &member.me.build, now);
            (claimable, std::mem::take(&mut state.released_here))
        };
        for room in released {
            lobby.take_over(&room, None);
        }
        if !lobby.is_draining() {
            for (room, not_before) in claimable {
                lobby.take_over(&room, Some(member.instant(not_before)));
            }
        }
    }
}

impl Fleet for Node {
    fn find(&self, room: &str) -> Whereabouts {
        self.member.state().directory.find(room, self.member.now())
    }

    fn has_room(&self, room: &str) -> bool {
        self.member.state().directory.has_room(room)
    }

    fn fuller_room(&self, mode: &str, players: Option<usize>) -> Option<String> {
        let state = self.member.state();
        let (room, there, url) = state.directory.fullest(mode, self.member.now())?;
        players.is_none_or(|players| there > players).then(|| format!("{url}?room={room}"))
    }

    fn node_with_fewer_rooms(&self, rooms: usize) -> Option<String> {
        let state = self.member.state();
        // Nodes that know the newest of each other a second late must not send a player to and fro.
        let other = state.directory.least_loaded(&self.member.me.build)?;
        (other.rooms.len() + 1 < rooms).then(|| other.url.clone())
    }

    fn claim(&self, room: &str, wish: Wish, link: RoomLink) -> Claim {
        let member = &self.member;
        let (send, portions) = mpsc::unbounded_channel();
        let (outcome, answer) = sync_channel(1);
        member.state().stewards += 1;
        let now = member.now();
        let not_before = wish.not_before.map_or(now, |at| member.at(at));
        let wish = owner::Wish { may_begin: wish.may_begin, not_before };
        let steward = Steward {
            member: member.clone(),
            room: room.into(),
            owner: Owner::new(member.me.clone(), wish, now),
            portions,
            outcome,
            link,
            epoch: None,
            replicated: Tick(0),
        };
        self.runtime.spawn(steward.run());
        // A steward that has ended needs no more of the recording.
        let replica = Arc::new(move |portion| drop(send.send(portion)));
        Claim { outcome: answer, replica }
    }

    fn tell(&self, order: FleetOrder) {
        let member = self.member.clone();
        self.runtime.spawn(async move { member.engine.tell(member.me.process, order).await });
    }

    fn epoch_of(&self, room: &str) -> Option<u64> {
        self.member.state().rooms.get(room).copied()
    }

    fn url(&self) -> &str {
        &self.member.options.url
    }

    fn status(&self, rooms: Vec<Occupancy>, is_draining: bool) -> FleetStatus {
        let own = self.member.beat(rooms, is_draining);
        let state = self.member.state();
        let room = |room: &RoomBeat| NodeRoom {
            name: room.name.clone(),
            epoch: room.epoch,
            players: room.players,
            capacity: room.capacity,
        };
        let nodes = std::iter::once(&own).chain(state.directory.nodes());
        let nodes = nodes.map(|beat| NodeStatus {
            name: beat.node.clone(),
            url: beat.url.clone(),
            build: beat.build.clone(),
            is_draining: beat.is_draining,
            rooms: beat.rooms.iter().map(room).collect(),
        });
        FleetStatus { node: self.member.me.node.clone(), nodes: nodes.collect() }
    }

    fn urls(&self) -> Vec<String> {
        self.member.state().directory.nodes().map(|beat| beat.url.clone()).collect()
    }
}
