//! Runs of ticks: inputs as differences to each player's last controls.
//!
//! A run is `first tick, count, hashes (8 bytes each), records`; the count is doubled, plus 1 if the run is the first
//! after a keyframe, where the memory of what was held is cleared. A record is a byte that says whether drones think in
//! turns (since format 2), and what follows: `commands` (their length, then leaves, joins, absences and admin commands
//! as the codec writes them), the hulls of those who join, a byte each (since format 4; without them all have the first), and `inputs` (their count, then for each the player's id as the signed gap to the one
//! before, and the turn of the aim, doubled, plus 1 if more changed: then the buttons that changed follow as a mask,
//! doubled, plus 1 if the signed change of the view's lag follows). Numbers are varints.

use super::chunk::ChunkError;
use crate::angle::Angle;
use crate::codec::{bounded, decode_stored, encode_stored};
use crate::command::{Absence, Admin, Join, PlayerInput, TickInputs};
use crate::id::{PlayerId, Tick};
use crate::input::{Buttons, Controls, ViewLag};
use crate::keyframe::PLAYERS_LIMIT;
use crate::levels::HullKind;
use crate::text::Name;
use crate::varint::{Malformed, put, put_signed, take, take_byte, take_signed, take_slice};
use serde::Deserialize;
use std::collections::{BTreeMap, VecDeque};

const COMMANDS: u8 = 1;
const INPUTS: u8 = 2;
const DRONES_IN_TURNS: u8 = 4;
const HULLS: u8 = 8;
const HASH_BYTES: usize = 8;
/// The writer closes a run at this size.
pub(super) const RUN_CLOSES_AT_BYTES: usize = 1024 * 1024;
/// Largest run of ticks that is read, in bytes: the writer's, and one large tick.
pub const RUN_LIMIT_BYTES: usize = 4 * RUN_CLOSES_AT_BYTES;
/// Most ticks of a run: hash and record of the shortest one take nine bytes.
pub const RUN_LIMIT_TICKS: u32 = (RUN_CLOSES_AT_BYTES / (HASH_BYTES + 1) + 1) as u32;

/// One tick of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedTick {
    /// The tick that these inputs made.
    pub tick: Tick,
    /// All that entered the world in it.
    pub inputs: TickInputs,
    /// The hash of the world after it.
    pub state_hash: u64,
}

/// What each player held when last written or read since the keyframe.
#[derive(Clone, Debug, Default)]
pub(super) struct Held(BTreeMap<PlayerId, Controls>);

impl Held {
    fn of(&mut self, player: PlayerId) -> &mut Controls {
        self.0.entry(player).or_default()
    }

    fn check_limit(&self) -> Result<(), ChunkError> {
        if self.0.len() <= PLAYERS_LIMIT {
            return Ok(());
        }
        Err(ChunkError::Body(format!("more than {PLAYERS_LIMIT} players since the keyframe before it")))
    }
}

/// The commands of a tick.
#[derive(Deserialize)]
struct Commands {
    #[serde(deserialize_with = "bounded::<_, _, PLAYERS_LIMIT>")]
    leaves: Vec<PlayerId>,
    #[serde(deserialize_with = "bounded::<_, _, PLAYERS_LIMIT>")]
    joins: Vec<(PlayerId, Name)>,
    #[serde(deserialize_with = "bounded::<_, _, PLAYERS_LIMIT>")]
    absences: Vec<Absence>,
    #[serde(deserialize_with = "bounded::<_, _, PLAYERS_LIMIT>")]
    admin: Vec<Admin>,
}

/// Collects ticks into a run.
#[derive(Clone, Debug, Default)]
pub(super) struct RunWriter {
    first: Tick,
    count: u32,
    held: Held,
    clears_held: bool,
    hashes: Vec<u8>,
    records: Vec<u8>,
}

impl RunWriter {
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Approximate size so far, in bytes.
    pub fn bytes(&self) -> usize {
        self.hashes.len() + self.records.len()
    }

    /// The next run is the first after a keyframe. The run before must have been taken out.
    pub fn clear_held(&mut self) {
        self.held = Held::default();
        self.clears_held = true;
    }

    pub fn push(&mut self, tick: Tick, inputs: &TickInputs, state_hash: u64) {
        if self.count == 0 {
            self.first = tick;
        }
        self.count += 1;
        self.hashes.extend_from_slice(&state_hash.to_le_bytes());
        put_record(inputs, &mut self.held, &mut self.records);
    }

    /// Takes the body of a chunk out, leaving an empty run.
    pub fn take_body(&mut self) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.bytes() + 10);
        put(&mut body, self.first.0);
        put(&mut body, self.count << 1 | u32::from(self.clears_held));
        body.append(&mut self.hashes);
        body.append(&mut self.records);
        self.count = 0;
        self.clears_held = false;
        body
    }
}

fn put_record(inputs: &TickInputs, held: &mut Held, out: &mut Vec<u8>) {
    let TickInputs { leaves, joins, absences, admin, inputs, drones_in_turns } = inputs;
    let commanded = !(leaves.is_empty() && joins.is_empty() && absences.is_empty() && admin.is_empty());
    let has_hulls = joins.iter().any(|join| join.hull != HullKind::default());
    let flag = |given: bool, flag: u8| if given { flag } else { 0 };
    out.push(
        flag(commanded, COMMANDS)
            | flag(!inputs.is_empty(), INPUTS)
            | flag(*drones_in_turns, DRONES_IN_TURNS)
            | flag(has_hulls, HULLS),
    );
    if commanded {
        let mut bytes = Vec::new();
        let joins: Vec<(PlayerId, &Name)> = joins.iter().map(|join| (join.player, &join.name)).collect();
        encode_stored(&(leaves, joins, absences, admin), &mut bytes);
        put(out, bytes.len() as u32);
        out.append(&mut bytes);
    }
    if has_hulls {
        out.extend(joins.iter().map(|join| join.hull as u8));
    }
    if inputs.is_empty() {
        return;
    }
    put(out, inputs.len() as u32);
    let mut last = 0u32;
    for input in inputs {
        put_signed(out, input.player.0.wrapping_sub(last) as i32);
        last = input.player.0;
        let before = std::mem::replace(held.of(input.player), input.controls);
        let turn = i32::from(before.aim.steps_to(input.controls.aim));
        let changed = before.buttons.0 ^ input.controls.buttons.0;
        let lag = i32::from(input.controls.lag.0) - i32::from(before.lag.0);
        let more = changed != 0 || lag != 0;
        put_signed(out, turn * 2 + i32::from(more));
        if more {
            put(out, u32::from(changed) << 1 | u32::from(lag != 0));
        }
        if lag != 0 {
            put_signed(out, lag);
        }
    }
}

/// Which ticks a run holds.
pub(super) struct Span {
    pub first: Tick,
    pub count: u32,
    /// The run is the first after a keyframe.
    pub clears_held: bool,
}

/// Takes the span off the front of a run's body.
pub(super) fn take_span(body: &mut &[u8]) -> Result<Span, ChunkError> {
    let first = take(body)?;
    let count = take(body)?;
    let (count, clears_held) = (count >> 1, count & 1 != 0);
    if body.len() > RUN_LIMIT_BYTES || count > RUN_LIMIT_TICKS {
        let (bytes, limit) = (body.len(), format!("{RUN_LIMIT_TICKS} ticks or {RUN_LIMIT_BYTES} bytes"));
        return Err(ChunkError::Body(format!("a run of {count} ticks in {bytes} bytes, at most {limit}")));
    }
    if count == 0 || count as usize > body.len() / HASH_BYTES || first.checked_add(count).is_none() {
        return Err(ChunkError::Body(format!("a run of {count} ticks in {} bytes", body.len())));
    }
    Ok(Span { first: Tick(first), count, clears_held })
}

/// Reads a run.
pub(super) fn read_run(mut body: &[u8], held: &mut Held) -> Result<VecDeque<RecordedTick>, ChunkError> {
    let bytes = &mut body;
    let Span { first, count, clears_held } = take_span(bytes)?;
    if clears_held {
        *held = Held::default();
    }
    let hashes = take_slice(bytes, count as usize * HASH_BYTES)?;
    let mut run = VecDeque::new();
    for (index, hash) in hashes.chunks_exact(HASH_BYTES).enumerate() {
        let mut word = [0; HASH_BYTES];
        word.copy_from_slice(hash);
        let inputs = take_record(bytes, held)?;
        run.push_back(RecordedTick {
            tick: first.plus(index as u32),
            inputs,
            state_hash: u64::from_le_bytes(word),
        });
    }
    if bytes.is_empty() { Ok(run) } else { Err(ChunkError::Body("bytes stand behind the last tick".into())) }
}

fn take_record(bytes: &mut &[u8], held: &mut Held) -> Result<TickInputs, ChunkError> {
    let mut tick = TickInputs::default();
    let follows = take_byte(bytes)?;
    if follows & !(COMMANDS | INPUTS | DRONES_IN_TURNS | HULLS) != 0 {
        return Err(Malformed.into());
    }
    tick.drones_in_turns = follows & DRONES_IN_TURNS != 0;
    if follows & COMMANDS != 0 {
        let length = take(bytes)? as usize;
        let Commands { leaves, joins, absences, admin } =
            decode_stored(take_slice(bytes, length)?).map_err(|error| ChunkError::Body(error.to_string()))?;
        for (player, name) in joins {
            // A player who joins holds no controls yet.
            held.of(player);
            tick.joins.push(Join { player, name, hull: HullKind::default() });
        }
        (tick.leaves, tick.absences, tick.admin) = (leaves, absences, admin);
        held.check_limit()?;
    }
    if follows & HULLS != 0 {
        for join in &mut tick.joins {
            join.hull = *HullKind::ALL.get(usize::from(take_byte(bytes)?)).ok_or(Malformed)?;
        }
    }
    if follows & INPUTS != 0 {
        let count = take(bytes)?;
        let mut last = 0u32;
        for _ in 0..count {
            last = last.wrapping_add(take_signed(bytes)? as u32);
            let player = PlayerId(last);
            let controls = take_controls(bytes, held.of(player))?;
            tick.inputs.push(PlayerInput { player, controls });
        }
        held.check_limit()?;
    }
    Ok(tick)
}

fn take_controls(bytes: &mut &[u8], held: &mut Controls) -> Result<Controls, ChunkError> {
    let turn = take_signed(bytes)?;
    let steps = i16::try_from(turn >> 1).map_err(|_| Malformed)?;
    let (mut changed, mut lag) = (0, 0);
    if turn & 1 != 0 {
        let mask = take(bytes)?;
        changed = u16::try_from(mask >> 1).map_err(|_| Malformed)?;
        lag = if mask & 1 != 0 { take_signed(bytes)? } else { 0 };
    }
    let lag =
        i32::from(held.lag.0).checked_add(lag).and_then(|lag| u16::try_from(lag).ok()).ok_or(Malformed)?;
    // Through `from_step`, so that what was held is a step of the turn even if it was read from elsewhere.
    let aim = Angle::from_step(held.aim.turned(steps).step());
    *held = Controls { buttons: Buttons(held.buttons.0 ^ changed), aim, lag: ViewLag(lag) };
    Ok(*held)
}
