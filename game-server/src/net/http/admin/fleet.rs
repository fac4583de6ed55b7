//! Orders that hold in the whole fleet: those of another node's administrator are carried out as if they were given here.

use super::console::keep_message;
use crate::host::fleet::{FleetOrder, Moderation};
use crate::host::journal::Directory;
use crate::net::guard::bans::Ban;
use crate::net::play::context::ConnectionContext;
use ipnet::IpNet;
use shared::command::Admin as Order;
use std::sync::Arc;
use std::time::SystemTime;

pub struct FleetModeration {
    pub context: Arc<ConnectionContext>,
    pub directory: Directory,
}

impl FleetModeration {
    /// A ban without the networks that this machine must not ban.
    fn ban(&self, network: IpNet, seconds: u64, reason: Option<String>, author: Option<String>) {
        let now = SystemTime::now();
        let bannable = match self.context.bans.bannable(network, None) {
            Ok(bannable) => bannable,
            Err(reason) => return tracing::warn!("a ban of another node does not hold here: {reason}"),
        };
        match Ban::new(seconds, reason, author, now) {
            Ok(ban) => {
                if let Err(error) = self.context.bans.ban(bannable, ban, now) {
                    tracing::error!(%error, "the bans cannot be written: they hold until a restart");
                }
            }
            Err(error) => tracing::warn!(%error, "a ban of another node is not understood"),
        }
    }

    fn pardon(&self, network: IpNet) {
        if let Err(error) = self.context.bans.pardon(network, SystemTime::now()) {
            tracing::error!(%error, "the bans cannot be written: a ban is lifted until a restart");
        }
    }
}

impl Moderation for FleetModeration {
    fn carry_out(&self, order: FleetOrder) {
        match order {
            FleetOrder::Announce { text } => self.context.lobby.administer_all(&Order::Announce { text }),
            FleetOrder::MessageOfTheDay { text } => {
                if let Err(error) = keep_message(&self.context, &self.directory, &text) {
                    tracing::error!(%error, "the message of the day cannot be written: it holds until a restart");
                }
            }
            FleetOrder::Ban { network, seconds, reason, author } => {
                self.ban(network, seconds, reason, author);
                self.context.lobby.administer_all(&Order::BanAddress { seconds });
            }
            FleetOrder::Pardon { network } => {
                self.pardon(network);
                self.context.lobby.administer_all(&Order::PardonAddress);
            }
        }
    }

    fn standing(&self) -> Vec<FleetOrder> {
        let now = SystemTime::now();
        let ban = |(network, ban): (IpNet, Ban)| FleetOrder::Ban {
            network,
            seconds: ban.seconds_left(now),
            reason: ban.reason,
            author: ban.author,
        };
        let text = self.context.lobby.message_of_the_day().to_string();
        let bans = self.context.bans.all(now).into_iter().map(ban);
        bans.chain([FleetOrder::MessageOfTheDay { text }]).collect()
    }

    fn replace(&self, standing: Vec<FleetOrder>) {
        let now = SystemTime::now();
        let mut bans = Vec::new();
        for order in standing {
            match order {
                FleetOrder::Ban { network, seconds, reason, author } => {
                    // Made and checked by another node.
                    bans.extend(Ban::new(seconds, reason, author, now).map(|ban| (network, ban)));
                }
                order => self.carry_out(order),
            }
        }
        tracing::info!(bans = bans.len(), "the fleet's bans hold here in place of the server's");
        if let Err(error) = self.context.bans.replace(bans, now) {
            tracing::error!(%error, "the bans cannot be written: they hold until a restart");
        }
    }
}
