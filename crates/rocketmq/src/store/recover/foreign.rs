//! Directories of other kinds of store, refused by name before anything is touched.

use std::path::Path;

use super::super::error::StoreError;
use super::super::files;

/// Refuses what is not a file store of RocketMQ.
///
/// # Errors
/// `Unusable` names what was found.
pub fn refuse(root: &Path) -> Result<(), StoreError> {
    for name in files::names_in(root)? {
        let name = name.to_string_lossy();
        if name.starts_with("dledger-") {
            return Err(StoreError::unusable(
                &root.join(&*name),
                "a DLedger commit log: its entries are wrapped in another format, which is not read here. Let a broker without DLedger (enableDLegerCommitLog=false) take its messages over, and use its directory",
            ));
        }
    }
    let is_rocksdb = |dir: &Path| dir.join("CURRENT").exists() && dir.join("IDENTITY").exists();
    let in_config = files::names_in(&root.join("config"))?;
    let in_config = in_config.iter().map(|name| root.join("config").join(name));
    let candidates = ["consumequeue", "rocksdb", "consumequeue_r"].map(|name| root.join(name));
    for dir in candidates.into_iter().chain(in_config) {
        if is_rocksdb(&dir) {
            return Err(StoreError::unusable(
                &dir,
                "a RocksDB store (storeType=defaultRocksDB): only the file store is read here. Let a broker with storeType=default take its messages over, and use its directory",
            ));
        }
    }
    let batch = root.join("batchconsumequeue");
    if let Some(topic) = files::names_in(&batch)?.first() {
        return Err(StoreError::unusable(
            &batch.join(topic),
            "a batch consume queue (queue.type=BatchCQ), which is not read here: delete the topic in RocketMQ first",
        ));
    }
    Ok(())
}
