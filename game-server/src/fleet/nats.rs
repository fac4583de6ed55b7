//! The log and the beats on NATS: rooms in a JetStream stream, a subject for each; beats on core NATS, which goes on while
//! the stream has no leader.

use crate::host::fleet::FleetOrder;
use async_nats::jetstream::context::{Context, ContextBuilder, CreateStreamErrorKind, PublishErrorKind};
use async_nats::jetstream::message::{PublishMessage, StreamMessage};
use async_nats::jetstream::stream::{
    Config, DirectGetErrorKind, LastRawMessageErrorKind, RetentionPolicy, StorageType, Stream,
};
use async_nats::jetstream::{ErrorCode, stream};
use async_nats::{Client, ConnectOptions, Event, Message, Subject, Subscriber};
use fleet::Sequence;
use fleet::directory::Beat;
use fleet::engine::{Answer, Request, Stored};
use fleet::record::{decode, message_id};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Holds every room's log.
const STREAM: &str = "BELT";
/// Before a room's name: the subject of its log.
const LOG: &str = "belt.j.";
/// Before a node's name: the subject of its beats.
const BEATS: &str = "belt.node.";
/// Where a node asks all others for a beat.
const ASK: &str = "belt.nodes";
/// Where nodes hear of orders for all.
const ORDERS: &str = "belt.orders";
/// Where a node asks for the orders that it has missed.
const STANDING: &str = "belt.standing";
/// Older versions acknowledge two writers at the same place.
const OLDEST_VERSION: (i64, i64) = (2, 10);
/// Machines that have each record.
const REPLICAS: usize = 3;
/// A room that is over leaves its last record for this long.
const LOG_AGE_LIMIT: Duration = Duration::from_secs(24 * 3600);
/// Longest wait for an answer.
const ANSWER_LIMIT: Duration = Duration::from_millis(250);
/// Longest wait for an answer at the start, when a cluster may still elect its leader.
const START_LIMIT: Duration = Duration::from_secs(20);
/// Between two attempts at the start.
const START_INTERVAL: Duration = Duration::from_millis(300);
/// A server that answers no ping for two of these is given up for another.
const PING_INTERVAL: Duration = Duration::from_secs(2);
const CONNECT_LIMIT: Duration = Duration::from_secs(2);
const RECONNECT_LIMIT: Duration = Duration::from_millis(500);
/// A replica that is asked for a record may not have it yet.
const READ_AGAIN: Duration = Duration::from_millis(20);
/// Longest wait for such a replica.
const READ_ATTEMPTS: u32 = 50;
/// The keyframes of rooms with thousands of players.
const PAYLOAD_BYTES: usize = 8 * 1024 * 1024;

/// Why a fleet cannot be used. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("no NATS server answers at {urls}: {error}")]
    Unreachable { urls: String, error: async_nats::ConnectError },
    #[error(
        "the NATS server at {url} has version {version}, in which two writers can both succeed: install 2.10 or newer, \
         from https://nats.io/download or Debian 13"
    )]
    TooOld { url: String, version: String },
    #[error(
        "the NATS server's JetStream cannot be used: {0}; start nats-server with `-js`, or set `jetstream` in its file"
    )]
    Unavailable(String),
    #[error(
        "the stream {STREAM} has one replica on a cluster: a lost machine would lose its rooms; make it three with \
         `nats stream edit {STREAM} --replicas 3`"
    )]
    OneReplica,
}

/// A connection to the servers of NATS.
pub struct Engine {
    client: Client,
    stream: Stream<()>,
    context: Context,
}

/// What nodes say.
pub struct Beats {
    beats: Subscriber,
    asked: Subscriber,
    orders: Subscriber,
    standing: Subscriber,
}

/// An order on its way, and the process that passes it on.
#[derive(Serialize, Deserialize)]
struct Passed {
    process: u64,
    order: FleetOrder,
}

/// What was heard.
pub enum Heard {
    Beat(Beat),
    /// Another node wants to hear a beat.
    Asked,
    Order {
        process: u64,
        order: FleetOrder,
    },
    /// A node wants the standing orders.
    StandingAsked(Asker),
}

/// The reply subject of a node that asked for the standing orders.
pub struct Asker(Subject);

impl Engine {
    pub async fn connect(urls: &[String], node: &str) -> Result<Engine, ConnectError> {
        let options = ConnectOptions::new()
            .name(format!("driftbelt {node}"))
            .ping_interval(PING_INTERVAL)
            .connection_timeout(CONNECT_LIMIT)
            .request_timeout(Some(ANSWER_LIMIT))
            .reconnect_delay_callback(|attempt| {
                RECONNECT_LIMIT.min(Duration::from_millis(50) * attempt.min(10) as u32)
            })
            .event_callback(async |event| match event {
                Event::Connected => tracing::info!("connected to the fleet's NATS"),
                Event::Disconnected => tracing::warn!("the connection to the fleet's NATS is lost"),
                other => tracing::debug!(event = %other, "NATS"),
            });
        let client = options
            .connect(urls)
            .await
            .map_err(|error| ConnectError::Unreachable { urls: urls.join(","), error })?;
        let info = client.server_info();
        let (major, minor) = OLDEST_VERSION;
        if !client.is_server_compatible(major, minor, 0) {
            let url = format!("{}:{}", info.host, info.port);
            return Err(ConnectError::TooOld { url, version: info.version });
        }
        if client.max_payload() < PAYLOAD_BYTES {
            let (bytes, wanted) = (client.max_payload(), PAYLOAD_BYTES);
            tracing::warn!(
                bytes,
                wanted,
                "NATS takes short messages only: set max_payload: 8MB for large rooms"
            );
        }
        let start = ContextBuilder::new().timeout(CONNECT_LIMIT).build(client.clone());
        let replicas = open_stream(&start).await?;
        if replicas < REPLICAS {
            tracing::warn!(
                replicas,
                "a single NATS server: its loss loses the rooms; a fleet needs three on three machines"
            );
        }
        let context = ContextBuilder::new()
            .timeout(ANSWER_LIMIT)
            .ack_timeout(ANSWER_LIMIT)
            .backpressure_on_inflight(false)
            .build(client.clone());
        let stream = context.get_stream_no_info(STREAM).await;
        let stream = stream.map_err(|error| ConnectError::Unavailable(error.to_string()))?;
        tracing::info!(version = info.version, replicas, "the fleet's log is open");
        Ok(Engine { client, stream, context })
    }

    /// Asks for something about a room's log.
    pub async fn ask(&self, room: &str, request: Request) -> Answer {
        let subject = format!("{LOG}{room}");
        match request {
            Request::Append { after, record } => self.append(room, subject, after, record).await,
            Request::Last => match self.stream.get_last_raw_message_by_subject(&subject).await {
                Ok(message) => stored(message).map_or(Answer::Unavailable, |last| Answer::Last(Some(last))),
                Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Answer::Last(None),
                Err(error) => {
                    tracing::debug!(room, %error, "the log does not answer");
                    Answer::Unavailable
                }
            },
            Request::Read { from, to } => self.read(subject, from, to).await,
            Request::Purge { before } => {
                if let Err(error) = self.stream.purge().filter(subject).sequence(before).await {
                    tracing::warn!(room, %error, "the log cannot be purged");
                }
                Answer::Purged
            }
        }
    }

    async fn append(&self, room: &str, subject: String, after: Sequence, record: Vec<u8>) -> Answer {
        let bytes = record.len();
        let message = PublishMessage::build().payload(record.into()).expected_last_subject_sequence(after);
        let message = match message_id(room, after) {
            Some(id) => message.message_id(id),
            None => message,
        };
        let sent = self.context.send_publish(subject, message).await;
        let acknowledged = match sent {
            Ok(acknowledged) => acknowledged.await,
            Err(error) => Err(error),
        };
        match acknowledged {
            // The record at this place may be another's.
            Ok(acknowledged) if acknowledged.duplicate => Answer::Unsure,
            Ok(acknowledged) => Answer::Appended(acknowledged.sequence),
            Err(error) => {
                if error.kind() == PublishErrorKind::MaxPayloadExceeded {
                    tracing::error!(room, bytes, "a record is too long for NATS: raise its max_payload");
                }
                tracing::debug!(room, %error, "a record may not be in the log");
                Answer::Unsure
            }
        }
    }

    /// Direct gets, which every replica answers: right after a server's death there may be no leader to ask.
    async fn read(&self, subject: String, from: Sequence, to: Sequence) -> Answer {
        let (mut records, mut next, mut attempts) = (Vec::new(), from, 0);
        while next <= to {
            match self.stream.direct_get_next_for_subject(subject.as_str(), Some(next)).await {
                Ok(message) => {
                    let Some(record) = stored(message) else { return Answer::Unavailable };
                    next = record.sequence + 1;
                    if record.sequence <= to {
                        records.push(record);
                    }
                }
                Err(error) if attempts < READ_ATTEMPTS => {
                    attempts += 1;
                    if error.kind() == DirectGetErrorKind::InvalidSubject {
                        return Answer::Unavailable;
                    }
                    sleep(READ_AGAIN).await;
                }
                Err(error) => {
                    tracing::warn!(subject, %error, "the log cannot be read");
                    return Answer::Unavailable;
                }
            }
        }
        Answer::Records(records)
    }

    /// Says something of this node to all others.
    pub async fn beat(&self, beat: &Beat) {
        let Ok(bytes) = serde_json::to_vec(beat) else { return };
        let subject = format!("{BEATS}{}", beat.node);
        let said = async {
            self.client.publish(subject, bytes.into()).await.is_ok() && self.client.flush().await.is_ok()
        };
        if timeout(ANSWER_LIMIT, said).await != Ok(true) {
            tracing::debug!("a beat was not sent");
        }
    }

    /// Asks the other nodes for a beat.
    pub async fn ask_beats(&self) {
        let _ = timeout(ANSWER_LIMIT, self.client.publish(ASK, Vec::new().into())).await;
    }

    /// Passes an order on to all nodes.
    pub async fn tell(&self, process: u64, order: FleetOrder) {
        let Ok(bytes) = serde_json::to_vec(&Passed { process, order }) else { return };
        let told = timeout(ANSWER_LIMIT, self.client.publish(ORDERS, bytes.into()));
        if !matches!(told.await, Ok(Ok(()))) {
            tracing::warn!("an order did not reach the other nodes: give it there, too");
        }
    }

    /// The standing orders of a node that runs, if there is one.
    pub async fn ask_standing(&self) -> Option<Vec<FleetOrder>> {
        let answer = self.client.request(STANDING, Vec::new().into()).await.ok()?;
        serde_json::from_slice(&answer.payload).ok()
    }

    pub async fn answer_standing(&self, Asker(reply): Asker, standing: &[FleetOrder]) {
        let Ok(bytes) = serde_json::to_vec(standing) else { return };
        if let Err(error) = self.client.publish(reply, bytes.into()).await {
            tracing::warn!(%error, "a node that joins does not hear of the bans");
        }
    }

    /// Hears the beats of all nodes, this one's, too, and their orders.
    pub async fn beats(&self) -> Result<Beats, ConnectError> {
        let unavailable = |error: async_nats::SubscribeError| ConnectError::Unavailable(error.to_string());
        let beats = self.client.subscribe(format!("{BEATS}*")).await.map_err(unavailable)?;
        let asked = self.client.subscribe(ASK).await.map_err(unavailable)?;
        let orders = self.client.subscribe(ORDERS).await.map_err(unavailable)?;
        let standing = self.client.subscribe(STANDING).await.map_err(unavailable)?;
        Ok(Beats { beats, asked, orders, standing })
    }
}

impl Beats {
    /// The next that is understood; `None` at the end.
    pub async fn next(&mut self) -> Option<Heard> {
        loop {
            tokio::select! {
                beat = self.beats.next() => {
                    let Message { payload, .. } = beat?;
                    match serde_json::from_slice(&payload) {
                        Ok(beat) => return Some(Heard::Beat(beat)),
                        Err(error) => tracing::debug!(%error, "a beat that is not understood"),
                    }
                }
                asked = self.asked.next() => {
                    asked?;
                    return Some(Heard::Asked);
                }
                order = self.orders.next() => match serde_json::from_slice(&order?.payload) {
                    Ok(Passed { process, order }) => return Some(Heard::Order { process, order }),
                    Err(error) => tracing::warn!(%error, "an order of another node that is not understood"),
                },
                asked = self.standing.next() => {
                    if let Some(reply) = asked?.reply {
                        return Some(Heard::StandingAsked(Asker(reply)));
                    }
                }
            }
        }
    }
}

/// Opens the stream, made if there is none; says how many replicas it has.
async fn open_stream(context: &Context) -> Result<usize, ConnectError> {
    let late = tokio::time::Instant::now() + START_LIMIT;
    loop {
        let error = match context.get_or_create_stream(stream_config(REPLICAS)).await {
            Ok(stream) => {
                let stream::Info { config, cluster, .. } = stream.cached_info();
                let is_clustered = cluster.as_ref().is_some_and(|cluster| cluster.name.is_some());
                if config.num_replicas < REPLICAS && is_clustered {
                    return Err(ConnectError::OneReplica);
                }
                return Ok(config.num_replicas);
            }
            Err(error) => error,
        };
        // A single server says so at once; a cluster without a leader, or with a server that is still to come, later.
        if let CreateStreamErrorKind::JetStream(refused) = error.kind()
            && refused.error_code() == ErrorCode::STREAM_REPLICAS_NOT_SUPPORTED
        {
            let stream = context.get_or_create_stream(stream_config(1)).await;
            let stream = stream.map_err(|error| ConnectError::Unavailable(error.to_string()))?;
            return Ok(stream.cached_info().config.num_replicas);
        }
        if tokio::time::Instant::now() >= late {
            return Err(ConnectError::Unavailable(error.to_string()));
        }
        sleep(START_INTERVAL).await;
    }
}

fn stream_config(num_replicas: usize) -> Config {
    Config {
        name: STREAM.into(),
        description: Some("Driftbelt: the recordings of running rooms".into()),
        subjects: vec![format!("{LOG}*")],
        retention: RetentionPolicy::Limits,
        storage: StorageType::File,
        max_age: LOG_AGE_LIMIT,
        num_replicas,
        allow_direct: true,
        ..Config::default()
    }
}

fn stored(message: StreamMessage) -> Option<Stored> {
    match decode(&message.payload) {
        Ok((head, bytes)) => Some(Stored { sequence: message.sequence, head, bytes: bytes.into() }),
        Err(error) => {
            tracing::error!(subject = %message.subject, sequence = message.sequence, %error, "a record of the log");
            None
        }
    }
}
