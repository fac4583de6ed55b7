//! Nodes, a log and the network between them, in one thread and in virtual time.

mod log;

use fleet::Now;
use fleet::directory::{BEAT_INTERVAL, Beat, Directory, RoomBeat, Whereabouts};
use fleet::engine::{Answer, Request};
use fleet::owner::{Action, Event, Farewell, Owner, Portion, Process, Wish};
use fleet::record::Kind;
use log::Log;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg32;
use shared::id::Tick;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub const STEP: Duration = Duration::from_millis(40);
const NODES: usize = 3;
const TIMEOUT: Duration = Duration::from_millis(250);
const TICKS_PER_KEYFRAME: u32 = 25;
const VALUE_BYTES: usize = 12;

/// A world of one number, which no other world has.
#[derive(Clone, Copy)]
struct World {
    tick: Tick,
    value: u64,
}

struct Running {
    world: World,
    /// Recorded, but not yet shown to players.
    untold: Vec<World>,
    since_keyframe: u32,
    is_paused: bool,
    has_stopped: bool,
}

struct Asked {
    number: u64,
    request: Request,
    /// Gives up then.
    until: Now,
}

struct Node {
    me: Process,
    directory: Directory,
    owner: Option<Owner>,
    epoch: u64,
    room: Option<Running>,
    asked: Option<Asked>,
    beat_at: Now,
    released: Vec<(String, String)>,
    /// Stopped by a signal until then; dead if it never goes on.
    stopped_until: Now,
    /// Hears and is heard by nobody until then.
    cut_off_until: Now,
}

enum Delivery {
    Request { node: usize, number: u64, request: Request },
    Answer { node: usize, number: u64, answer: Answer },
    Beat { node: usize, beat: Beat },
}

pub struct Fleet {
    now: Now,
    random: Pcg32,
    log: Log,
    leaderless_until: Now,
    nodes: Vec<Node>,
    deliveries: Vec<(Now, Delivery)>,
    processes: u64,
    requests: u64,
    values: u64,
    told: Vec<u64>,
    has_faults: bool,
    pub tellings: usize,
}

impl Fleet {
    pub fn new(seed: u64) -> Fleet {
        let mut fleet = Fleet {
            now: Duration::from_secs(1),
            random: Pcg32::seed_from_u64(seed),
            log: Log::new(),
            leaderless_until: Duration::ZERO,
            nodes: Vec::new(),
            deliveries: Vec::new(),
            processes: 0,
            requests: 0,
            values: 0,
            told: Vec::new(),
            has_faults: true,
            tellings: 0,
        };
        for number in 0..NODES {
            let node = fleet.process(number);
            fleet.nodes.push(node);
        }
        fleet
    }

    fn process(&mut self, number: usize) -> Node {
        self.processes += 1;
        Node {
            me: Process { node: format!("n{number}"), process: self.processes, build: "b".into() },
            directory: Directory::default(),
            owner: None,
            epoch: 0,
            room: None,
            asked: None,
            beat_at: self.now,
            released: Vec::new(),
            stopped_until: Duration::ZERO,
            cut_off_until: Duration::ZERO,
        }
    }

    pub fn end_faults(&mut self) {
        self.has_faults = false;
        self.leaderless_until = Duration::ZERO;
        for node in &mut self.nodes {
            (node.stopped_until, node.cut_off_until) = (Duration::ZERO, Duration::ZERO);
        }
    }

    /// Lets a player ask a node for the room, as after a lost connection.
    pub fn ask(&mut self, number: usize) {
        let now = self.now;
        let node = &mut self.nodes[number];
        let is_free = now >= node.stopped_until && node.owner.is_none();
        if is_free && node.directory.find("room", now) == Whereabouts::Nowhere {
            node.want(true, now, now);
        }
    }

    pub fn step(&mut self) {
        self.now += STEP;
        self.log.has_leader = self.now >= self.leaderless_until;
        if self.has_faults {
            self.fault();
        }
        self.deliver();
        for number in 0..NODES {
            if self.now >= self.nodes[number].stopped_until {
                self.run(number);
            }
        }
    }

    fn fault(&mut self) {
        let some_time = |random: &mut Pcg32| STEP * random.random_range(1..150);
        let number = self.random.random_range(0..NODES);
        match self.random.random_range(0..400) {
            0 => self.leaderless_until = self.now + some_time(&mut self.random),
            1 | 2 => self.nodes[number] = self.process(number),
            3 | 4 => self.nodes[number].stopped_until = self.now + some_time(&mut self.random),
            5 => self.nodes[number].cut_off_until = self.now + some_time(&mut self.random),
            6 => self.leave(number),
            7..15 => self.ask(number),
            _ => {}
        }
    }

    /// The room of a node ends, or is given to another.
    fn leave(&mut self, number: usize) {
        let to = format!("n{}", self.random.random_range(0..NODES));
        let farewell = match self.random.random_range(0..3) {
            0 => Farewell::End,
            _ => Farewell::Release { to },
        };
        let now = self.now;
        let Node { room: Some(room), owner: Some(owner), .. } = &mut self.nodes[number] else { return };
        if !room.has_stopped {
            room.has_stopped = true;
            let last = room.world;
            let portion = Portion { farewell: Some(farewell), ..portion(last, true) };
            owner.handle(Event::Portion(portion), now);
        }
    }

    fn deliver(&mut self) {
        let now = self.now;
        if self.deliveries.iter().all(|(at, _)| now < *at) {
            return;
        }
        let due: Vec<_> = self.deliveries.extract_if(.., |(at, _)| now >= *at).collect();
        for (_, delivery) in due {
            match delivery {
                Delivery::Request { node, number, request } => {
                    if let Some(answer) = self.log.answer(&request) {
                        self.send(Delivery::Answer { node, number, answer }, node);
                    }
                }
                Delivery::Answer { node: to, number, answer } => {
                    let now = self.now;
                    let node = &mut self.nodes[to];
                    // What a stopped process has not read yet is there when it goes on.
                    if now < node.stopped_until {
                        let late = (node.stopped_until, Delivery::Answer { node: to, number, answer });
                        self.deliveries.push(late);
                    } else if node.asked.as_ref().is_some_and(|asked| asked.number == number) {
                        node.asked = None;
                        if let Some(owner) = &mut node.owner {
                            owner.handle(Event::Answer(answer), now);
                        }
                    }
                }
                Delivery::Beat { node, beat } => {
                    let now = self.now;
                    let node = &mut self.nodes[node];
                    if let Some(owner) = &mut node.owner {
                        owner.handle(Event::PeerHeard, now);
                    }
                    let is_mine = |(room, to): &(String, String)| room == "room" && *to == node.me.node;
                    let is_for_me = beat.released.iter().any(is_mine);
                    node.directory.hear(beat, now);
                    if is_for_me && node.owner.is_none() {
                        node.want(false, now, now);
                    }
                }
            }
        }
    }

    /// Puts something on its way, unless it is lost.
    fn send(&mut self, delivery: Delivery, node: usize) {
        let is_lost = self.has_faults && self.random.random_range(0..100) == 0;
        if is_lost || self.now < self.nodes[node].cut_off_until {
            return;
        }
        let is_slow = self.has_faults && self.random.random_range(0..50) == 0;
        let delay = STEP * if is_slow { self.random.random_range(1..20) } else { 0 };
        self.deliveries.push((self.now + delay, delivery));
    }

    fn run(&mut self, number: usize) {
        let now = self.now;
        self.nodes[number].directory.expire(now);
        self.beat(number);
        self.claim(number);
        self.tick(number);
        let node = &mut self.nodes[number];
        if let Some(asked) = node.asked.take_if(|asked| now >= asked.until)
            && let Some(owner) = &mut node.owner
        {
            let is_append = matches!(asked.request, Request::Append { .. });
            let answer = if is_append { Answer::Unsure } else { Answer::Unavailable };
            owner.handle(Event::Answer(answer), now);
        }
        while let Some(action) = self.nodes[number].owner.as_mut().and_then(|owner| owner.poll(now)) {
            self.act(number, action);
        }
        // The request goes out in the same step.
        self.deliver();
    }

    fn beat(&mut self, number: usize) {
        let now = self.now;
        let node = &mut self.nodes[number];
        if now < node.beat_at && node.released.is_empty() {
            return;
        }
        node.beat_at = now + BEAT_INTERVAL;
        let room = node.owner.as_ref().map(|_| RoomBeat {
            name: "room".into(),
            epoch: node.epoch,
            ..RoomBeat::default()
        });
        let beat = Beat {
            node: node.me.node.clone(),
            process: node.me.process,
            build: "b".into(),
            rooms: room.into_iter().filter(|room| room.epoch > 0).collect(),
            released: std::mem::take(&mut node.released),
            ..Beat::default()
        };
        for other in (0..NODES).filter(|other| *other != number) {
            if now >= self.nodes[number].cut_off_until {
                self.send(Delivery::Beat { node: other, beat: beat.clone() }, other);
            }
        }
    }

    fn claim(&mut self, number: usize) {
        let now = self.now;
        let node = &mut self.nodes[number];
        if node.owner.is_some() {
            return;
        }
        if let Some((_, at)) = node.directory.claimable(&node.me.node, "b", now).first() {
            node.want(false, *at, now);
        }
    }

    fn tick(&mut self, number: usize) {
        let now = self.now;
        let Node { room: Some(room), owner: Some(owner), .. } = &mut self.nodes[number] else { return };
        if room.is_paused || room.has_stopped {
            return;
        }
        self.values += 1;
        room.world = World { tick: room.world.tick.next(), value: self.values };
        room.untold.push(room.world);
        room.since_keyframe += 1;
        owner.handle(Event::Portion(portion(room.world, false)), now);
        if room.since_keyframe == TICKS_PER_KEYFRAME {
            room.since_keyframe = 0;
            owner.handle(Event::Portion(portion(room.world, true)), now);
        }
    }

    fn act(&mut self, number: usize, action: Action) {
        let now = self.now;
        match action {
            Action::Ask(request) => {
                self.requests += 1;
                let asked = Asked { number: self.requests, request: request.clone(), until: now + TIMEOUT };
                self.nodes[number].asked = Some(asked);
                self.send(Delivery::Request { node: number, number: self.requests, request }, number);
            }
            Action::Begin { epoch } => self.open(number, epoch, World { tick: Tick(0), value: 0 }),
            Action::Restore { epoch, records } => {
                assert!(records[0].head.has_keyframe);
                let bytes: Vec<_> = records.iter().flat_map(|record| record.bytes.clone()).collect();
                let worlds: Vec<_> = bytes.chunks(VALUE_BYTES).map(world).collect();
                let follow = |pair: &[World]| {
                    pair[1].tick == pair[0].tick.next()
                        || (pair[1].tick, pair[1].value) == (pair[0].tick, pair[0].value)
                };
                assert!(worlds.windows(2).all(follow), "ticks without a gap");
                self.open(number, epoch, worlds[worlds.len() - 1]);
            }
            Action::Replicated(tick) => {
                let room = self.nodes[number].room.as_mut().expect("a room");
                let told = room.untold.extract_if(.., |world| world.tick <= tick);
                self.told.extend(told.map(|world| world.value));
                self.tellings += 1;
            }
            Action::Pause => self.set_paused(number, true),
            Action::Resume => self.set_paused(number, false),
            Action::CutOff => {}
            Action::RecordKeyframe => unreachable!("this log loses nothing"),
            Action::Lost(_) | Action::Fenced { .. } => self.close(number),
            Action::Left { to } => {
                self.nodes[number].released.extend(to.map(|to| ("room".into(), to)));
                self.close(number);
            }
        }
    }

    fn open(&mut self, number: usize, epoch: u64, world: World) {
        let now = self.now;
        let node = &mut self.nodes[number];
        node.epoch = epoch;
        node.beat_at = now;
        let (untold, since_keyframe) = (Vec::new(), 0);
        node.room = Some(Running { world, untold, since_keyframe, is_paused: false, has_stopped: false });
        // A new file begins with a keyframe.
        let keyframe = Event::Portion(portion(world, true));
        node.owner.as_mut().expect("an owner").handle(keyframe, now);
    }

    fn set_paused(&mut self, number: usize, is_paused: bool) {
        if let Some(room) = &mut self.nodes[number].room {
            room.is_paused = is_paused;
        }
    }

    fn close(&mut self, number: usize) {
        let node = &mut self.nodes[number];
        (node.owner, node.room, node.asked, node.epoch) = (None, None, None, 0);
        node.directory.settle("room");
    }

    /// Whether a node runs the room and tells of it.
    pub fn is_served(&self) -> bool {
        self.nodes
            .iter()
            .any(|node| node.room.as_ref().is_some_and(|room| !room.is_paused && !room.has_stopped))
    }

    /// The claims in the log.
    pub fn claims(&self) -> usize {
        self.log.records().iter().filter(|record| record.head.kind == Kind::Claim).count()
    }

    pub fn rooms_begun(&self) -> usize {
        self.log.records().iter().filter(|record| record.head.kind == Kind::Begin).count()
    }

    /// Each epoch has one writer, epochs ascend, and the log contains everything that players have seen.
    pub fn check(&self) {
        let mut writers = BTreeMap::new();
        let mut epoch = 0;
        for record in self.log.records() {
            let writer = *writers.entry(record.head.epoch).or_insert(record.head.process);
            assert_eq!(writer, record.head.process, "epoch {} has two writers", record.head.epoch);
            assert!(record.head.epoch >= epoch, "an older epoch goes on");
            epoch = record.head.epoch;
        }
        let logged = self.log.records().iter().flat_map(|record| record.bytes.chunks(VALUE_BYTES));
        let logged: BTreeSet<_> = logged.map(|bytes| world(bytes).value).collect();
        let missing = self.told.iter().find(|value| !logged.contains(value));
        assert_eq!(missing, None, "told and not in the log");
    }
}

impl Node {
    fn want(&mut self, may_begin: bool, not_before: Now, now: Now) {
        self.owner = Some(Owner::new(self.me.clone(), Wish { may_begin, not_before }, now));
        self.asked = None;
    }
}

fn portion(world: World, has_keyframe: bool) -> Portion {
    let mut bytes = world.tick.0.to_le_bytes().to_vec();
    bytes.extend(world.value.to_le_bytes());
    Portion { bytes, tick: world.tick, has_keyframe, farewell: None }
}

fn world(bytes: &[u8]) -> World {
    let (tick, value) = bytes.split_first_chunk().expect("a tick");
    World {
        tick: Tick(u32::from_le_bytes(*tick)),
        value: u64::from_le_bytes(value.try_into().expect("a value")),
    }
}
