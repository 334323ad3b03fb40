//! The bits of an entry's `sysFlag`.
//!
//! Invariants: unknown bits are kept. The two host bits are the store's: they say how the addresses are stored.

/// What part of a transaction an entry is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TransactionKind {
    /// None.
    None,
    /// Prepared: has no place in a queue.
    Prepared,
    /// Committed.
    Commit,
    /// Rolled back: has no place in a queue.
    Rollback,
}

/// `sysFlag`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct SysFlag(pub i32);

impl SysFlag {
    /// The body is compressed.
    pub const COMPRESSED: i32 = 0x1;
    /// The message has several tags.
    pub const MULTI_TAGS: i32 = 0x1 << 1;
    /// Both transaction bits.
    pub const TRANSACTION_MASK: i32 = 0x3 << 2;
    /// A prepared message.
    pub const TRANSACTION_PREPARED: i32 = 0x1 << 2;
    /// A committed message.
    pub const TRANSACTION_COMMIT: i32 = 0x2 << 2;
    /// A rolled-back message.
    pub const TRANSACTION_ROLLBACK: i32 = 0x3 << 2;
    /// `bornHost` is an IPv6 address.
    pub const BORN_HOST_V6: i32 = 0x1 << 4;
    /// `storeHost` is an IPv6 address.
    pub const STORE_HOST_V6: i32 = 0x1 << 5;
    /// The body holds several messages of a newer client.
    pub const INNER_BATCH: i32 = 0x1 << 7;

    /// Which part of a transaction.
    #[must_use]
    pub fn transaction(self) -> TransactionKind {
        match self.0 & Self::TRANSACTION_MASK {
            Self::TRANSACTION_PREPARED => TransactionKind::Prepared,
            Self::TRANSACTION_COMMIT => TransactionKind::Commit,
            Self::TRANSACTION_ROLLBACK => TransactionKind::Rollback,
            _ => TransactionKind::None,
        }
    }

    /// The same flag with other transaction bits.
    #[must_use]
    pub fn with_transaction(self, kind: TransactionKind) -> Self {
        let bits = match kind {
            TransactionKind::None => 0,
            TransactionKind::Prepared => Self::TRANSACTION_PREPARED,
            TransactionKind::Commit => Self::TRANSACTION_COMMIT,
            TransactionKind::Rollback => Self::TRANSACTION_ROLLBACK,
        };
        Self(self.0 & !Self::TRANSACTION_MASK | bits)
    }

    /// Whether such an entry takes a number in its queue.
    #[must_use]
    pub fn has_queue_place(self) -> bool {
        matches!(
            self.transaction(),
            TransactionKind::None | TransactionKind::Commit
        )
    }

    /// Whether all bits of `mask` are set.
    #[must_use]
    pub fn has(self, mask: i32) -> bool {
        self.0 & mask == mask
    }

    /// The same flag with the bits of `mask` set or cleared.
    #[must_use]
    pub fn with(self, mask: i32, on: bool) -> Self {
        Self(if on { self.0 | mask } else { self.0 & !mask })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transaction_bits_are_a_number_not_flags() {
        for (bits, kind, place) in [
            (0x0, TransactionKind::None, true),
            (0x4, TransactionKind::Prepared, false),
            (0x8, TransactionKind::Commit, true),
            (0xC, TransactionKind::Rollback, false),
        ] {
            let flag = SysFlag(bits | 0x701);
            assert_eq!(flag.transaction(), kind);
            assert_eq!(flag.has_queue_place(), place);
            assert_eq!(SysFlag(0x70D).with_transaction(kind), flag);
        }
    }
}
