import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.CollectionOptions;
import de.bwaldvogel.mongo.backend.DatabaseResolver;
import de.bwaldvogel.mongo.backend.EmptyIndex;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.backend.aggregation.Aggregation;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.h2.H2Database;
import de.bwaldvogel.mongo.bson.BinData;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.exception.IndexNotFoundException;
import de.bwaldvogel.mongo.exception.MongoServerError;
import de.bwaldvogel.mongo.exception.MongoSilentServerException;
import de.bwaldvogel.mongo.oplog.Oplog;
import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;

/**
 * A stand-in for mongod: mongo-java-server over one H2 MVStore file, with what the library lacks: log-in by
 * SCRAM-SHA-256, a commit to the file before a write is acknowledged, indexes that queries use (FieldIndexes), TTL and
 * partial unique indexes, and the answers to `hello` that a current driver needs.
 */
public final class MongoStandIn extends H2Backend {

    private static final int PORT = 27017;
    private static final int TTL_SWEEP_SECONDS = 60;   // as the real server's
    private static final int CACHE_MB = 128;   // of a heap of 384; a scan of what is not there takes 30 times as long

    /** What a connection may say before it has logged in: the commands the real server allows there, too. */
    private static final Set<String> OPEN_COMMANDS =
        Set.of("hello", "ismaster", "ping", "buildinfo", "whatsmyuri", "saslstart", "saslcontinue", "logout");

    private static final Set<String> WRITE_COMMANDS = Set.of(
        "insert", "update", "delete", "findandmodify", "create", "createindexes", "dropindexes", "drop",
        "dropdatabase");

    private static final AttributeKey<Boolean> LOGGED_IN = AttributeKey.valueOf("logged-in");
    private static final AttributeKey<Scram> CONVERSATION = AttributeKey.valueOf("scram");

    private final Credentials credentials;   // null: no log-in wanted
    private final Object writeLock = new Object();

    private MongoStandIn(MVStore store, Credentials credentials) {
        super(store);
        this.credentials = credentials;
        version(new Version8());
    }

    @Override
    public Document handleCommand(Channel channel, String database, String command, Document query) {
        String name = command.toLowerCase(Locale.ROOT);
        if (credentials != null && !OPEN_COMMANDS.contains(name) && channel.attr(LOGGED_IN).get() == null) {
            return error(13, "Unauthorized", "command " + command + " requires authentication");
        }
        try {
            return dispatch(name, channel, database, command, query);
        } catch (MongoServerError e) {
            // An answer like any other: thrown on, the library would log each with its stack trace.
            return error(e.getCode(), e.getCodeName(), e.getMessageWithoutErrorCode());
        } catch (MongoSilentServerException e) {
            return error(26, "NamespaceNotFound", e.getMessageWithoutErrorCode());
        }
    }

    private Document dispatch(String name, Channel channel, String database, String command, Document query) {
        switch (name) {
            case "hello":
            case "ismaster":
                return hello(channel, database, query);
            case "saslstart":
                return saslStart(channel, database, query);
            case "saslcontinue":
                return saslContinue(channel, query);
            case "logout":
                channel.attr(LOGGED_IN).set(null);
                return new Document("ok", 1.0);
            case "renamecollection":
                // The library renames nothing in the file: the documents would be gone after the next start.
                return error(59, "CommandNotFound", "stand-in: collections keep their names");
            case "insert":
                return countInserted(query, write(channel, database, command, query));
            default:
                return writes(name, query)
                    ? write(channel, database, command, query)
                    : super.handleCommand(channel, database, command, query);
        }
    }

    private static boolean writes(String name, Document query) {
        if (name.equals("aggregate") && query.get("pipeline") instanceof List<?> stages && !stages.isEmpty()) {
            Object last = stages.get(stages.size() - 1);
            return last instanceof Document stage && (stage.containsKey("$out") || stage.containsKey("$merge"));
        }
        return WRITE_COMMANDS.contains(name);
    }

    /** Corrects `n`: the library counts the documents that it was sent, not those that it took. */
    private static Document countInserted(Document query, Document answer) {
        if (answer.get("writeErrors") instanceof List<?> errors) {
            int sent = ((List<?>) query.get("documents")).size();
            int failedAt = (Integer) ((Document) errors.get(0)).get("index");
            boolean ordered = !Boolean.FALSE.equals(query.get("ordered"));
            answer.put("n", ordered ? failedAt : sent - errors.size());
        }
        return answer;
    }

    /**
     * One write at a time, and none is answered before the file has it: a document and its index entries reach the
     * file together, and a killed process loses nothing that it had acknowledged.
     */
    private Document write(Channel channel, String database, String command, Document query) {
        return write(() -> super.handleCommand(channel, database, command, query));
    }

    private <T> T write(Supplier<T> change) {
        synchronized (writeLock) {
            try {
                return change.get();
            } finally {
                getMvStore().commit();
            }
        }
    }

    /** Gives the space of outdated pages back; MVStore's own background thread, which would, is off. */
    private void compact() {
        synchronized (writeLock) {
            if (!getMvStore().isClosed()) {
                getMvStore().compact(70, 4 << 20);
            }
        }
    }

    /** Deletes what the TTL indexes no longer keep. */
    private void expire() {
        for (String name : listDatabaseNames()) {
            try {
                write(() -> ((Database) resolveDatabase(name)).expire());
            } catch (RuntimeException e) {
                System.err.println("TTL sweep of " + name + ": " + e);
            }
        }
    }

    @Override
    protected MongoDatabase openOrCreateDatabase(String name) {
        // The library opens each database once more just to list it.
        return listDatabaseNames().contains(name) ? resolveDatabase(name) : new Database(name);
    }

    // An inner class on purpose: its parent's constructor already opens collections, and needs the store for it.
    private final class Database extends H2Database {
        Database(String name) {
            super(name, getMvStore(), getCursorRegistry());
        }

        @Override
        protected MongoCollection<Object> openOrCreateCollection(String name, CollectionOptions options) {
            String fullName = getFullCollectionNamespace(name);
            MVMap<Object, Document> data = getMvStore().openMap("databases." + fullName,
                new MVMap.Builder<Object, Document>().valueType(new DocumentType()));
            MVMap<String, Object> meta = getMvStore().openMap("meta." + fullName);
            return new IndexedCollection(this, name, options, data, meta, cursorRegistry);
        }

        @Override
        public Document handleCommand(Channel channel, String command, Document query, DatabaseResolver resolver,
                                      Oplog oplog) {
            if (command.equalsIgnoreCase("dropIndexes")) {
                return dropIndexes(query);
            }
            if (command.equalsIgnoreCase("aggregate")) {
                MongoCollection<Object> collection = resolveCollection(query.get(command).toString(), false);
                List<Document> stages = Aggregation.parse(query.get("pipeline"));
                if (collection != null && !stages.isEmpty() && stages.get(0).get("$match") instanceof Document match) {
                    Aggregation aggregation = Aggregation.fromPipeline(stages, resolver, this, collection, oplog);
                    aggregation.validate(query);
                    return aggregate(aggregation, collection, match);
                }
            }
            return super.handleCommand(channel, command, query, resolver, oplog);
        }

        /** For a pipeline that begins with $match, which the library would let read the whole collection. */
        private Document aggregate(Aggregation aggregation, MongoCollection<Object> collection, Document match) {
            List<Document> found = aggregation.runStages(collection.handleQueryAsStream(new Document("$query", match)));
            Document cursor = new Document("id", 0L).append("ns", collection.getFullName());
            return new Document("cursor", cursor.append("firstBatch", found)).append("ok", 1.0);
        }

        /**
         * Stores the description first of all, as openOrCreateUniqueIndex looks it up, here as after a restart; and
         * when an index fails, leaves no half of it behind, which the library would take for the index the next time.
         */
        @Override
        protected synchronized void addIndex(Document description) {
            if (isPrimaryKeyIndex((Document) description.get("key"))) {
                super.addIndex(description);
                return;
            }
            String namespace = (String) description.get("ns");
            String name = (String) description.get("name");
            Document existing = description(namespace, name);
            if (existing != null) {
                IndexOptions.requireSame(existing, description);
                return;
            }
            IndexOptions.check(description);
            description.putIfAbsent("v", 2);
            getOrCreateIndexesCollection().addDocument(description);
            try {
                super.addIndex(description);
            } catch (RuntimeException e) {
                forget(namespace, name);
                getMvStore().removeMap(namespace + "._index_" + name);
                throw e;
            }
        }

        private Document description(String namespace, String name) {
            for (Document found : getOrCreateIndexesCollection().handleQuery(new Document("ns", namespace))) {
                if (name.equals(found.get("name"))) {
                    return found;
                }
            }
            return null;
        }

        private void forget(String namespace, String name) {
            indexes.get().deleteDocuments(new Document("ns", namespace).append("name", name), 0);
        }

        @Override
        protected Index<Object> openOrCreateUniqueIndex(String collection, String name, List<IndexKey> keys,
                                                        boolean sparse) {
            Index<Object> index = super.openOrCreateUniqueIndex(collection, name, keys, sparse);
            Document description = description(getFullCollectionNamespace(collection), name);
            return description != null && description.get("partialFilterExpression") instanceof Document filter
                ? new PartialUniqueIndex(index, filter) : index;
        }

        /** For the library there is nothing in it: FieldIndexes has the documents. */
        @Override
        protected Index<Object> openOrCreateSecondaryIndex(String collection, String name, List<IndexKey> keys,
                                                           boolean sparse) {
            return new EmptyIndex<>(name, keys) {
                @Override
                public boolean isEmpty() {
                    return false;   // else the library would read all documents to fill it
                }
            };
        }

        /** The library's own forgets the indexes of the same name in all other collections. */
        private Document dropIndexes(Document query) {
            MongoCollection<Object> collection = resolveCollection((String) query.get("dropIndexes"), false);
            Object wanted = query.get("index");
            if (collection != null) {
                List<Object> dropped = new ArrayList<>();
                for (Document found : getOrCreateIndexesCollection().handleQuery(
                        new Document("ns", collection.getFullName()))) {
                    Object name = found.get("name");
                    boolean isWanted = wanted.equals("*") || wanted.equals(name) || wanted.equals(found.get("key"))
                        || wanted instanceof List<?> names && names.contains(name);
                    if (isWanted && !name.equals("_id_")) {
                        dropped.add(name);
                        dropIndex(collection, (String) name);
                        forget(collection.getFullName(), (String) name);
                    }
                }
                if (dropped.isEmpty() && !wanted.equals("*")) {
                    throw new IndexNotFoundException("index not found with name [" + wanted + "]");
                }
            }
            return new Document("ok", 1.0);
        }

        /** The number of documents deleted. */
        int expire() {
            int deleted = 0;
            if (indexes.get() == null) {
                return deleted;
            }
            for (Document index : indexes.get().queryAll()) {
                if (index.get("expireAfterSeconds") instanceof Number seconds) {
                    String field = ((Document) index.get("key")).keySet().iterator().next();
                    Instant deadline = Instant.now().minusMillis((long) (seconds.doubleValue() * 1000));
                    Document expired = new Document(field, new Document("$lte", deadline));
                    if (index.get("partialFilterExpression") instanceof Document filter) {
                        expired = new Document("$and", List.of(expired, filter));
                    }
                    String namespace = (String) index.get("ns");
                    String collection = namespace.substring(getDatabaseName().length() + 1);
                    deleted += resolveCollection(collection, true).deleteDocuments(expired, 0);
                }
            }
            return deleted;
        }
    }

    private Document hello(Channel channel, String database, Document query) {
        Document answer = super.handleCommand(channel, database, "ismaster", query);
        answer.put("helloOk", true);
        answer.put("isWritablePrimary", true);
        if (credentials != null && query.containsKey("saslSupportedMechs")) {
            // Without this a driver falls back to SCRAM-SHA-1.
            answer.put("saslSupportedMechs", List.of("SCRAM-SHA-256"));
        }
        return answer;
    }

    private Document saslStart(Channel channel, String database, Document query) {
        if (credentials == null || !"SCRAM-SHA-256".equals(query.get("mechanism"))) {
            return error(334, "MechanismUnavailable", "only SCRAM-SHA-256 is known here");
        }
        boolean skipEmpty = query.get("options") instanceof Document options
            && Boolean.TRUE.equals(options.get("skipEmptyExchange"));
        // The one user belongs to the database admin: an authSource of another name must fail here, too.
        Scram scram = new Scram(credentials, database.equals("admin"), skipEmpty);
        channel.attr(CONVERSATION).set(scram);
        return step(channel, scram, query);
    }

    private Document saslContinue(Channel channel, Document query) {
        Scram scram = channel.attr(CONVERSATION).get();
        if (scram == null) {
            return error(17, "ProtocolError", "no SASL session state found");
        }
        return step(channel, scram, query);
    }

    private Document step(Channel channel, Scram scram, Document query) {
        String reply;
        try {
            reply = scram.answer(text(query.get("payload")));
        } catch (GeneralSecurityException | RuntimeException e) {
            reply = null;   // a malformed message is a failed log-in, no more
        }
        if (reply == null) {
            channel.attr(CONVERSATION).set(null);
            return error(18, "AuthenticationFailed", "Authentication failed.");
        }
        if (scram.done()) {
            channel.attr(CONVERSATION).set(null);
            channel.attr(LOGGED_IN).set(true);
        }
        Document answer = new Document("conversationId", 1);
        answer.put("done", scram.done());
        answer.put("payload", new BinData(reply.getBytes(StandardCharsets.UTF_8)));
        answer.put("ok", 1.0);
        return answer;
    }

    private static String text(Object payload) {
        byte[] bytes = payload instanceof BinData data ? data.getData() : (byte[]) payload;
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static Document error(int code, String codeName, String message) {
        Document answer = new Document("ok", 0.0);
        answer.put("errmsg", message);
        answer.put("code", code);
        answer.put("codeName", codeName);
        return answer;
    }

    private static MVStore open(Path file) {
        // No commit but ours: MVStore's own could fall between a document and its index entry.
        MVStore store = new MVStore.Builder()
            .fileName(file.toString()).cacheSize(CACHE_MB).autoCommitDisabled().autoCommitBufferSize(0).open();
        // Outdated chunks may be overwritten at once; else the file keeps 45 s of them, one for each write.
        store.setRetentionTime(0);
        return store;
    }

    private static Thread daemon(Runnable task) {
        Thread thread = new Thread(task, "housekeeping");
        thread.setDaemon(true);
        return thread;
    }

    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[0]);
        Credentials credentials = Credentials.fromEnvironment();
        MongoStandIn backend = new MongoStandIn(open(directory.resolve("documents.mv")), credentials);
        MongoServer server = new MongoServer(backend);
        // SIGTERM: close the clients, write what is left and close the file; then exit with 0, as mongod does.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            server.shutdownNow();
            Runtime.getRuntime().halt(0);
        }));
        server.bind("0.0.0.0", PORT);
        ScheduledExecutorService housekeeping = Executors.newSingleThreadScheduledExecutor(MongoStandIn::daemon);
        housekeeping.scheduleWithFixedDelay(backend::compact, 5, 5, TimeUnit.SECONDS);
        housekeeping.scheduleWithFixedDelay(backend::expire, TTL_SWEEP_SECONDS, TTL_SWEEP_SECONDS, TimeUnit.SECONDS);
        System.out.printf("Waiting for connections on port %d, log-in %s%n",
            PORT, credentials == null ? "off" : "on");
    }
}
