namespace ConvTransfer.Graphs;

/// <summary>Which items of two lists belong together.</summary>
/// <param name="Pairs">Items of one key, in the first list's order.</param>
/// <param name="Removed">Items that only the first list has.</param>
/// <param name="Added">Items that only the second list has.</param>
/// <param name="Moved">The least number of pairs that must change their place to turn one order into the other.</param>
internal sealed record Matching<T>(IReadOnlyList<(T First, T Second)> Pairs, IReadOnlyList<T> Removed, IReadOnlyList<T> Added, int Moved)
{
    /// <summary>Matches by a key; items of equal keys in their order. Those left over are matched by a second key, where it is given and not null.</summary>
    public static Matching<T> By(T[] first, T[] second, Func<T, string> key, Func<T, string?>? otherKey = null)
    {
        int[] partner = new int[first.Length];
        Array.Fill(partner, -1);
        bool[] taken = new bool[second.Length];
        foreach (var by in new[] { key, otherKey })
        {
            if (by is null) continue;
            var waiting = new Dictionary<string, Queue<int>>();
            for (int i = 0; i < second.Length; i++)
            {
                if (taken[i] || by(second[i]) is not { } name) continue;
                if (!waiting.TryGetValue(name, out var queue)) waiting.Add(name, queue = new Queue<int>());
                queue.Enqueue(i);
            }
            for (int i = 0; i < first.Length; i++)
            {
                if (partner[i] >= 0 || by(first[i]) is not { } name || !waiting.TryGetValue(name, out var queue) || !queue.TryDequeue(out int found)) continue;
                partner[i] = found;
                taken[found] = true;
            }
        }
        int[] places = [.. partner.Where(p => p >= 0)];
        return new Matching<T>(
            [.. first.Select((item, i) => (item, i)).Where(x => partner[x.i] >= 0).Select(x => (x.item, second[partner[x.i]]))],
            [.. first.Where((_, i) => partner[i] < 0)],
            [.. second.Where((_, i) => !taken[i])],
            places.Length - LongestRise(places));
    }

    // The length of the longest rising subsequence: ends[k] is the least number that a rise of length k + 1 can end with.
    private static int LongestRise(int[] numbers)
    {
        var ends = new List<int>();
        foreach (int number in numbers)
        {
            int at = ends.BinarySearch(number);
            if (at < 0) at = ~at;
            if (at == ends.Count) ends.Add(number);
            else ends[at] = number;
        }
        return ends.Count;
    }
}
