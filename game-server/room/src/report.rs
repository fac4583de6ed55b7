//! Reports: chat lines that only the host receives.

use crate::news::Happened;
use crate::room::Room;
use crate::session::encoded;
use crate::speech::server_line;
use shared::id::PlayerId;

/// Begins the line; the number of the player and the reason follow.
const COMMAND: &str = "/report";

/// What follows the command in a line of chat; `None` if the line is for everybody.
pub(crate) fn arguments(line: &str) -> Option<&str> {
    let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
    command.eq_ignore_ascii_case(COMMAND).then_some(rest.trim())
}

impl Room {
    /// Tells the host what a player reports about another one. The others do not learn of it.
    pub(crate) fn report_player(&mut self, reporter: PlayerId, arguments: &str) {
        let tick = self.sim.tick();
        let (number, reason) = arguments.split_once(' ').unwrap_or((arguments, ""));
        let reported = number.parse().ok().map(PlayerId).filter(|reported| *reported != reporter);
        let known = reported.and_then(|reported| Some((reported, self.seats.get(&reported)?)));
        let known = known.map(|(reported, seat)| (reported, seat.name.name.as_str().to_owned()));
        let Some(seat) = self.seats.get_mut(&reporter) else { return };
        let network = seat.permit.network;
        let refusal = match known {
            None => "nobody else here has this number: /report NUMBER REASON",
            Some(_) if !self.conduct.allows_report(network, tick) => {
                "this report was not kept: your network has sent many; try again in some minutes"
            }
            Some((reported, name)) => {
                let reporter_name = seat.name.name.as_str().into();
                let reason = reason.trim().into();
                let what = Happened::Reported { tick, reporter, reporter_name, reported, name, reason };
                return self.tell_host(network, what);
            }
        };
        seat.session.send_kept(&encoded(&server_line(refusal.into())).into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conduct::NETWORK_REPORTS_BURST;
    use crate::ending::tests::connect;
    use crate::{ConnectionId, RoomOptions, SessionEvent};
    use shared::message::ClientMessage;

    #[test]
    fn the_host_is_told_of_reports_and_nobody_else_up_to_the_limit() {
        let mut room = Room::new("belt-1".into(), sim::scripted::setup(), RoomOptions::default())
            .expect("a sound setup");
        let _players: Vec<_> = (0..2).map(|number| connect(&mut room, number)).collect();
        while room.seats() < 2 {
            room.tick(&mut ());
        }
        let [one, other] = [0, 1].map(|number| room.players[&ConnectionId(number)]);
        while room.poll_news().is_some() {}
        let mut say = |text: String| {
            // Beyond what one player may write in a row.
            (0..600).for_each(|_| room.tick(&mut ()));
            let message = ClientMessage::Chat { text };
            room.handle(SessionEvent::Message { connection: ConnectionId(0), message });
            let news: Vec<_> = std::iter::from_fn(|| room.poll_news()).map(|news| news.what).collect();
            let others = room.seats.get_mut(&other).expect("a seat");
            let heard = std::iter::from_fn(|| others.session.poll_transmit()).count();
            (news, heard)
        };
        let (news, heard) = say(format!("/Report {} shoots through rocks ", other.0));
        let [Happened::Reported { reporter, reported, reason, .. }] = &news[..] else { panic!("{news:?}") };
        assert_eq!((*reporter, *reported, reason.as_str()), (one, other, "shoots through rocks"));
        assert_eq!(heard, 0);
        for void in
            ["/report".into(), "/report 999 x".into(), "/report Ada".into(), format!("/report {}", one.0)]
        {
            assert_eq!(say(void), (vec![], 0));
        }
        let (news, heard) = say("/reports are fun".into());
        assert!(news.is_empty() && heard > 0, "chat");
        let told =
            (0..2 * NETWORK_REPORTS_BURST).filter(|_| !say(format!("/report {}", other.0)).0.is_empty());
        let told = told.count() as u32;
        assert!((1..2 * NETWORK_REPORTS_BURST).contains(&told), "{told} reports");
    }
}
