//! Being one of a group: which queues are ours now.
//!
//! Every member asks for the same list of members and divides the queues by it as RocketMQ's clients do by default
//! (`AllocateMessageQueueAveragely`), so that no two read one queue for longer than a change takes.

use std::time::{Duration, Instant};

use highwater::remoting::{Cluster, RemotingError, Subscription};

use super::consume::Source;

/// How often a member says that it is there, and looks who else is.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(10);

/// This process in a group.
pub(super) struct Membership<'m> {
    pub(super) group: &'m str,
    client: String,
    wanted: Subscription<'m>,
    from_first: bool,
    brokers: Vec<String>,
    next: Instant,
}

impl<'m> Membership<'m> {
    pub(super) fn new(
        group: &'m str,
        wanted: Subscription<'m>,
        from_first: bool,
        all: &[Source],
    ) -> Self {
        let mut brokers: Vec<String> = all.iter().map(|source| source.address.clone()).collect();
        brokers.sort();
        brokers.dedup();
        Self {
            group,
            client: format!(
                "highwater-cli@{}@{}",
                std::process::id(),
                jiff::Timestamp::now().as_nanosecond()
            ),
            wanted,
            from_first,
            brokers,
            next: Instant::now(),
        }
    }

    /// Which of all queues are ours, where that may have changed; `None` where it has not.
    pub(super) fn look(
        &mut self,
        cluster: &mut Cluster,
        all: &[Source],
    ) -> Result<Option<Vec<usize>>, RemotingError> {
        let mut is_due = Instant::now() >= self.next;
        for address in &self.brokers {
            is_due |= cluster.members_changed(address);
        }
        let Some(first) = self.brokers.first().filter(|_| is_due) else {
            return Ok(None);
        };
        for address in &self.brokers {
            cluster.heartbeat(
                address,
                &self.client,
                self.group,
                &self.wanted,
                self.from_first,
            )?;
        }
        let members = cluster.member_ids(first, self.group)?;
        self.next = Instant::now() + HEARTBEAT_INTERVAL;
        let at = members.iter().position(|member| *member == self.client);
        Ok(Some(share(all.len(), members.len(), at)))
    }

    pub(super) fn leave(&self, cluster: &mut Cluster) -> Result<(), RemotingError> {
        for address in &self.brokers {
            cluster.leave(address, &self.client, self.group)?;
        }
        Ok(())
    }
}

/// The queues of member `at` of `members`: rows of them, the first members get one more where they do not divide evenly.
fn share(queues: usize, members: usize, at: Option<usize>) -> Vec<usize> {
    let Some(at) = at.filter(|_| members > 0) else {
        return Vec::new();
    };
    let (each, more) = (queues / members, queues % members);
    let begin = at * each + at.min(more);
    let count = each + usize::from(at < more);
    (begin..begin + count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_queue_has_one_reader() {
        for queues in 0..20 {
            for members in 1..8 {
                let all: Vec<usize> = (0..members)
                    .flat_map(|at| share(queues, members, Some(at)))
                    .collect();
                assert_eq!(all, (0..queues).collect::<Vec<_>>(), "{queues} {members}");
            }
        }
        assert_eq!(share(4, 3, Some(0)), [0, 1]);
        assert_eq!(share(4, 3, Some(2)), [3]);
        assert!(share(4, 3, None).is_empty());
    }
}
