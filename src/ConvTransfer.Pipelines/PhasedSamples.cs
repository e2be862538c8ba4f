namespace ConvTransfer.Pipelines;

/// <summary>The same pictures at the frontier of each phase of a training.</summary>
internal sealed class PhasedSamples : IDisposable
{
    /// <summary>Prepares the pictures for all phases.</summary>
    /// <param name="prepare">Prepares them for the phase of that index.</param>
    /// <param name="phases">The number of phases.</param>
    public PhasedSamples(Func<int, PictureSamples> prepare, int phases)
    {
        var samples = new List<PictureSamples>();
        Phases = samples;
        try
        {
            for (int phase = 0; phase < phases; phase++) samples.Add(prepare(phase));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The samples of each phase.</summary>
    public IReadOnlyList<PictureSamples> Phases { get; }

    /// <summary>Passes through the frozen part so far, in all phases.</summary>
    public long Passes => Phases.Sum(p => p.Passes);

    public void Dispose()
    {
        foreach (var samples in Phases) samples.Dispose();
    }
}
