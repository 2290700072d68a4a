//! A prefix of a bucket: Amazon S3 and what speaks its protocol, Google Cloud Storage, Azure Blob.
//!
//! In: a URL (`s3://bucket/prefix`, `gs://`, `az://`), credentials and endpoint by the
//! names of environment variables
//! (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT`, `GOOGLE_APPLICATION_CREDENTIALS`, `AZURE_STORAGE_...`), as
//! the `object_store` crate reads them; it also retries. Limit: one request at a time.

use std::path::PathBuf;
use std::sync::Arc;

use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use tokio::runtime::{Builder, Runtime};

use super::super::output::{SweepError, file};
use super::Place;

/// A prefix of a bucket.
#[derive(Debug)]
pub(super) struct Bucket {
    store: Arc<dyn ObjectStore>,
    prefix: Key,
    url: String,
    runtime: Runtime,
}

impl Bucket {
    /// Opens it; nothing is asked of the store yet.
    pub(super) fn open(url: &str, settings: &[(String, String)]) -> Result<Self, String> {
        let parsed = url::Url::parse(url).map_err(|error| format!("{url}: {error}"))?;
        let (store, prefix) = object_store::parse_url_opts(&parsed, settings.iter().cloned())
            .map_err(|error| format!("{url}: {error}"))?;
        Self::over(store.into(), prefix, url)
    }

    fn over(store: Arc<dyn ObjectStore>, prefix: Key, url: &str) -> Result<Self, String> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(|error| format!("{url}: {error}"))?;
        Ok(Self { store, prefix, url: url.trim_end_matches('/').to_owned(), runtime })
    }

    fn key(&self, name: &str) -> Key {
        name.split('/').fold(self.prefix.clone(), |key, part| key.join(part))
    }

    fn failed(&self, name: &str, error: object_store::Error) -> SweepError {
        file(&self.path(name), std::io::Error::other(error))
    }
}

impl Place for Bucket {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, SweepError> {
        let key = self.key(name);
        let bytes = self.runtime.block_on(async { self.store.get(&key).await?.bytes().await });
        match bytes {
            Ok(bytes) => Ok(Some(bytes.to_vec())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed(name, error)),
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), SweepError> {
        let (key, payload) = (self.key(name), PutPayload::from(bytes.to_vec()));
        let put = self.runtime.block_on(self.store.put(&key, payload));
        put.map(drop).map_err(|error| self.failed(name, error))
    }

    fn names(&self) -> Result<Vec<String>, SweepError> {
        let parts = self.key("parts");
        let mut names = Vec::new();
        for folder in [&self.prefix, &parts] {
            let found = self.runtime.block_on(self.store.list_with_delimiter(Some(folder)));
            let found = found.map_err(|error| self.failed("", error))?;
            for object in found.objects {
                let below = object.location.prefix_match(&self.prefix).into_iter().flatten();
                let below: Vec<String> = below.map(|part| part.as_ref().to_owned()).collect();
                names.push(below.join("/"));
            }
        }
        names.sort();
        Ok(names)
    }

    fn path(&self, name: &str) -> PathBuf {
        match name {
            "" => PathBuf::from(&self.url),
            name => PathBuf::from(format!("{}/{name}", self.url)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_holds_what_it_is_given() {
        let store = Arc::new(object_store::memory::InMemory::new());
        let at = |prefix: &str| {
            let url = format!("memory:///{prefix}");
            Bucket::over(Arc::clone(&store) as Arc<dyn ObjectStore>, Key::from(prefix), &url)
        };
        let (ours, other) = (at("ours").unwrap(), at("ours2").unwrap());
        other.write("x", b"0").unwrap();
        assert_eq!(ours.names().unwrap(), Vec::<String>::new());
        assert_eq!(ours.read("a.json").unwrap(), None);
        ours.write("a.json", b"1").unwrap();
        ours.write("parts/b", b"2").unwrap();
        assert_eq!(ours.read("parts/b").unwrap(), Some(b"2".to_vec()));
        assert_eq!(ours.names().unwrap(), ["a.json", "parts/b"]);
        assert_eq!(ours.path("parts/b"), PathBuf::from("memory:///ours/parts/b"));
        for bad in ["s3://", "ftp://x/y", "nonsense://"] {
            assert!(Bucket::open(bad, &[]).is_err(), "{bad}");
        }
    }
}
