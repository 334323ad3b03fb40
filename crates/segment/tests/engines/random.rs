//! Random-access files against a row of bytes, in both forms.

use proptest::prelude::*;
use segment::{RandomFile, RandomForm};

use crate::model::cases;
use crate::store::pattern;

#[derive(Clone, Debug)]
enum Op {
    Write { at: usize, len: usize },
    SetLen(usize),
    Read { at: usize, len: usize },
    Trim,
    Flush,
    Reopen(bool),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        5 => (0_usize..100_000, 0_usize..9000).prop_map(|(at, len)| Op::Write { at, len }),
        2 => (0_usize..150_000).prop_map(Op::SetLen),
        4 => (0_usize..150_000, 0_usize..9000).prop_map(|(at, len)| Op::Read { at, len }),
        1 => Just(Op::Trim),
        1 => Just(Op::Flush),
        2 => any::<bool>().prop_map(Op::Reopen),
    ]
}

fn form(mapped: bool) -> RandomForm {
    if mapped {
        RandomForm::Mmap
    } else {
        RandomForm::File
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(64)))]
    #[test]
    fn both_forms_are_a_row_of_bytes(
        mapped in any::<bool>(),
        ops in prop::collection::vec(op(), 1..40),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("index");
        let mut file = RandomFile::create(&path, form(mapped), 80_000).unwrap();
        let mut model: Vec<u8> = Vec::new();
        for (seed, op) in ops.iter().enumerate() {
            match *op {
                Op::Write { at, len } => {
                    let bytes = pattern(seed as u64, len);
                    file.write_at(at as u64, &bytes).unwrap();
                    if !bytes.is_empty() {
                        model.resize(model.len().max(at + len), 0);
                        model[at..at + len].copy_from_slice(&bytes);
                    }
                }
                Op::SetLen(len) => {
                    file.set_len(len as u64).unwrap();
                    model.resize(len, 0);
                }
                Op::Read { at, len } => {
                    let mut out = vec![0; len];
                    let n = file.read_at(at as u64, &mut out).unwrap();
                    let from = at.min(model.len());
                    prop_assert_eq!(&out[..n], &model[from..(from + len).min(model.len())]);
                }
                Op::Trim => {
                    file.trim().unwrap();
                    prop_assert_eq!(&std::fs::read(&path).unwrap(), &model);
                }
                Op::Flush => file.flush().unwrap(),
                Op::Reopen(mapped) => {
                    drop(file);
                    file = RandomFile::open(&path, form(mapped), 80_000).unwrap();
                }
            }
            prop_assert_eq!(file.len(), model.len() as u64);
            let same = file.with_slice(|bytes| bytes == model).unwrap();
            prop_assert!(same, "after {:?}", op);
        }
        drop(file);
        prop_assert_eq!(std::fs::read(&path).unwrap(), model);
    }
}

/// Reads of a file that was only opened are the same before and after it is mapped for them, and it is not longer for it.
#[test]
fn a_file_that_is_read_often_reads_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("index");
    let content = pattern(7, 10_000);
    std::fs::write(&path, &content).unwrap();
    let file = RandomFile::open(&path, RandomForm::Mmap, 1 << 20).unwrap();
    let is_mapped = || {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        maps.contains(path.to_str().unwrap())
    };
    let mut out = [0; 100];
    for at in 0..20 {
        assert_eq!(file.read_at(at * 500, &mut out).unwrap(), 100);
        assert_eq!(
            out[..],
            content[usize::try_from(at * 500).unwrap()..][..100]
        );
    }
    assert!(!is_mapped(), "a few reads do not map it");
    for at in (0..9_900).step_by(50) {
        assert_eq!(file.read_at(at, &mut out).unwrap(), 100);
        assert_eq!(out[..], content[usize::try_from(at).unwrap()..][..100]);
    }
    assert!(is_mapped(), "many do");
    assert_eq!(file.read_at(9_990, &mut out).unwrap(), 10);
    assert_eq!(file.read_at(10_000, &mut out).unwrap(), 0);
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 10_000);
    file.write_at(10_000, b"more").unwrap();
    assert_eq!(file.read_at(9_998, &mut out).unwrap(), 6);
    file.trim().unwrap();
    assert!(!is_mapped());
    assert_eq!(file.read_at(10_000, &mut out).unwrap(), 4);
    assert_eq!(out[..4], *b"more");
}

#[test]
fn an_index_cut_under_its_mapping_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("index");
    let file = RandomFile::create(&path, RandomForm::Mmap, 1 << 20).unwrap();
    file.write_at(0, &pattern(1, 10_000)).unwrap();
    std::fs::OpenOptions::new()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(0)
        .unwrap();
    assert!(file.read_at(0, &mut [0; 10_000]).is_err());
    assert!(file.write_at(0, b"x").is_err());
}
