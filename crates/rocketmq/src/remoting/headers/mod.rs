//! The fields of each kind of request, by name and type: one struct each, read from and written to a header.
//!
//! A field that must be there and is not, or is no such thing, is an error that names it. Field names are the
//! protocol's own (Java's member names), so the tables here are the reference for what goes over the wire.

mod clients;
mod messages;
mod namesrv;
mod offsets;
mod pull;
mod send;
mod topics;
mod transactions;

pub use self::clients::{
    ConsumeDirectlyHeader, ConsumerListHeader, NotifyConsumerIdsHeader, RelayHeader,
    ResetOffsetHeader, UnregisterClientHeader,
};
pub use self::messages::{QueryMessageHeader, SendBackHeader, ViewMessageHeader};
pub use self::namesrv::{
    BrokerHeartbeatHeader, BrokerNameHeader, DeleteTopicHeader, KvHeader, KvListHeader,
    QueryDataVersionHeader, RegisterBrokerHeader, RouteHeader, TopicsByClusterHeader,
    UnregisterBrokerHeader,
};
pub use self::offsets::{CommitOffsetHeader, QueryOffsetHeader, QueueHeader, SearchOffsetHeader};
pub use self::pull::PullHeader;
pub use self::send::{ReplyPushHeader, SendHeader};
pub use self::topics::{CreateTopicHeader, DeleteGroupHeader, GroupHeader, TopicHeader};
pub use self::transactions::{CheckTransactionHeader, EndTransactionHeader};

/// Declares a struct of header fields with `decode` and `encode`. `Option` fields may be absent.
macro_rules! header {
    (
        $(#[$meta:meta])*
        $name:ident {
            $( $(#[$field_meta:meta])* $field:ident: $type:ty = $wire:literal, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name<'e> {
            $( $(#[$field_meta])* pub $field: $type, )*
        }

        impl<'e> $name<'e> {
            /// Reads the fields.
            ///
            /// # Errors
            /// The first field that is missing or is not what it must be.
            pub fn decode(ext: &'e $crate::remoting::ExtFields<'_>)
                -> Result<Self, $crate::remoting::HeaderError> {
                Ok(Self {
                    $( $field: ext.read($wire)?, )*
                })
            }

            /// Writes the fields; those that are absent are left out.
            pub fn encode(&self, to: &mut $crate::remoting::ExtWriter<'_>) {
                self.each(&mut |name, text| to.put(name, text));
            }

            /// Calls `put` with name and text of each field that is there.
            fn each(&self, put: &mut dyn FnMut(&'static str, &str)) {
                $(
                    if let Some(text) = $crate::remoting::Field::text(&self.$field) {
                        put($wire, &text);
                    }
                )*
            }
        }
    };
}
use header;
