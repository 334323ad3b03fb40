package com.benchmark.fileio;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.util.AbstractList;
import java.util.Iterator;
import java.util.List;

/**
 * Stands in for the class of this name of the original benchmark, whose programs ask it for their block sizes: these come
 * from stdin, one a line, and each is answered by {@code done} when the program asks for the next. So the original's own
 * measuring code, unchanged, runs cell by cell beside ours.
 */
public class DataSet {
    public final String name;
    public final int size;

    private DataSet(int size) {
        this.name = size + "B";
        this.size = size;
    }

    public static List<DataSet> loadTestDataSet() {
        return new Asked();
    }

    /** A list that can only be walked, once. */
    private static final class Asked extends AbstractList<DataSet> {
        @Override
        public Iterator<DataSet> iterator() {
            BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
            return new Iterator<>() {
                private String line;
                private boolean begun;

                @Override
                public boolean hasNext() {
                    if (begun) {
                        System.out.println("done");
                        begun = false;
                    }
                    try {
                        line = lines.readLine();
                    } catch (IOException error) {
                        throw new UncheckedIOException(error);
                    }
                    return line != null;
                }

                @Override
                public DataSet next() {
                    begun = true;
                    return new DataSet(Integer.parseInt(line));
                }
            };
        }

        @Override
        public DataSet get(int index) {
            throw new UnsupportedOperationException("walk it");
        }

        @Override
        public int size() {
            throw new UnsupportedOperationException("walk it");
        }
    }
}
