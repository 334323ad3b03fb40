//! Why the coordinator refuses something, one variant per thing a client has to do about it.
//!
//! The wire codes are chosen in one place (`GroupError::code`), so the state machine and the coordinator
//! speak of situations, not of numbers.

use kafka_wire::ErrorCode;

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
    /// A record could not be written whatever one tries.
    Unexpected,
}

impl GroupError {
    /// The number on the wire.
    pub(crate) fn code(self) -> i16 {
        let code = match self {
            Self::NotAvailable => ErrorCode::CoordinatorNotAvailable,
            Self::Loading => ErrorCode::CoordinatorLoadInProgress,
            Self::NotCoordinator => ErrorCode::NotCoordinator,
            Self::InvalidGroupId => ErrorCode::InvalidGroupId,
            Self::GroupNotFound => ErrorCode::GroupIdNotFound,
            Self::NotEmpty => ErrorCode::NonEmptyGroup,
            Self::SubscribedToTopic => ErrorCode::GroupSubscribedToTopic,
            Self::UnknownMember => ErrorCode::UnknownMemberId,
            Self::FencedInstance => ErrorCode::FencedInstanceId,
            Self::MemberIdRequired => ErrorCode::MemberIdRequired,
            Self::IllegalGeneration => ErrorCode::IllegalGeneration,
            Self::RebalanceInProgress => ErrorCode::RebalanceInProgress,
            Self::InconsistentProtocol => ErrorCode::InconsistentGroupProtocol,
            Self::InvalidSessionTimeout => ErrorCode::InvalidSessionTimeout,
            Self::GroupFull => ErrorCode::GroupMaxSizeReached,
            Self::Unexpected => ErrorCode::UnknownServerError,
        };
        code as i16
    }
}

/// The number of an outcome on the wire; 0 is success.
pub(crate) fn code_of(outcome: Result<(), GroupError>) -> i16 {
    outcome
        .err()
        .map_or(ErrorCode::None as i16, GroupError::code)
}
