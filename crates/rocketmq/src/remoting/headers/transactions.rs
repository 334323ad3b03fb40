//! Fields of the requests about transactions: 37, 39.

use super::header;

header! {
    /// END_TRANSACTION (37).
    EndTransactionHeader {
        /// The producer's group; must be the half message's.
        producer_group: &'e str = "producerGroup",
        /// The half message's place in its queue.
        tran_state_table_offset: i64 = "tranStateTableOffset",
        /// The half message's place in the commit log, bytes.
        commit_log_offset: i64 = "commitLogOffset",
        /// 8 to commit, 12 to roll back, 0 for not known yet.
        commit_or_rollback: i32 = "commitOrRollback",
        /// Whether this answers a check.
        from_transaction_check: Option<bool> = "fromTransactionCheck",
        /// The message's unique id.
        msg_id: &'e str = "msgId",
        /// The transaction's id.
        transaction_id: Option<&'e str> = "transactionId",
    }
}

impl EndTransactionHeader<'_> {
    /// `commit_or_rollback`: not known yet.
    pub const UNKNOWN: i32 = 0;
    /// `commit_or_rollback`: deliver it.
    pub const COMMIT: i32 = 2 << 2;
    /// `commit_or_rollback`: forget it.
    pub const ROLLBACK: i32 = 3 << 2;
}

header! {
    /// CHECK_TRANSACTION_STATE (39), to a producer of the group.
    CheckTransactionHeader {
        /// The half message's place in its queue.
        tran_state_table_offset: i64 = "tranStateTableOffset",
        /// The half message's place in the commit log, bytes.
        commit_log_offset: i64 = "commitLogOffset",
        /// The message's unique id.
        msg_id: Option<&'e str> = "msgId",
        /// The transaction's id.
        transaction_id: Option<&'e str> = "transactionId",
        /// The id that tells the half message's place.
        offset_msg_id: Option<&'e str> = "offsetMsgId",
        /// The topic it is meant for.
        topic: Option<&'e str> = "topic",
    }
}
