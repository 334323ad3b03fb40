//! Why the coordinator refuses something, one variant per thing a client has to do about it.
//!
//! The wire codes are chosen in one place (`GroupError::code`), so the state machine and the coordinator
//! speak of situations, not of numbers.

/// A refusal of the group coordinator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupError {
    /// The offsets topic is not there yet. Ask again.
    NotAvailable,
    /// The group's partition is still being read. Ask again.
    Loading,
    /// The group's partition can take no more writes here. Look the coordinator up again.
    NotCoordinator,
    /// The group's name may not be used for this.
    InvalidGroupId,
    /// No such group.
    GroupNotFound,
    /// The group still has members.
    NotEmpty,
    /// A member of the group is subscribed to the topic.
    SubscribedToTopic,
    /// The member is not known: join anew without an id.
    UnknownMember,
    /// Another process took over this static member. Stop.
    FencedInstance,
    /// Join again with the id that comes with this error.
    MemberIdRequired,
    /// The generation is over: join again.
    IllegalGeneration,
    /// A rebalance is under way: join again.
    RebalanceInProgress,
    /// Protocol type or protocols do not fit the group's.
    InconsistentProtocol,
    /// The session timeout lies outside the allowed range.
    InvalidSessionTimeout,
    /// The group takes no more members.
    GroupFull,
    /// The text committed with an offset is too long.
    MetadataTooLarge,
    /// A record could not be written whatever one tries.
    Unexpected,
}
