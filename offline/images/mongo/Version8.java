import de.bwaldvogel.mongo.MongoVersion;
import java.util.List;

/** A current driver refuses servers of an older wire version. */
final class Version8 implements MongoVersion {
    @Override
    public List<Integer> getVersionArray() {
        return List.of(8, 0, 0, 0);
    }

    @Override
    public String toVersionString() {
        return "8.0.0";
    }

    @Override
    public int getWireVersion() {
        return 25;
    }
}
