using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using ConvTransfer.Runtime;
using ConvTransfer.Training;

namespace ConvTransfer.Pipelines;

/// <summary>Pictures as the samples of a training: decoded, made ready by the recipe, and computed up to the frontier, several at a time. What lies behind the frozen part is computed once for each picture.</summary>
internal sealed class PictureSamples : ISampleSource, IDisposable
{
    private readonly ImageDataset _images;
    private readonly ImagePreprocessor _preprocessor;
    private readonly PipelineOptions _options;
    private readonly Planner? _planner;
    private readonly Session?[] _sessions;
    private readonly float[]?[][] _kept;
    private readonly long _bytesPerSample;

    /// <summary>Prepares the pictures of a data set, all of which can be read.</summary>
    /// <param name="images">The pictures.</param>
    /// <param name="recipe">How they are made ready; it gives all of them one size.</param>
    /// <param name="first">The frozen part of the network, or null.</param>
    /// <param name="frontier">The values that the training reads.</param>
    /// <param name="types">Their types.</param>
    /// <param name="options">Threads and limits.</param>
    public PictureSamples(ImageDataset images, InputRecipe recipe, Model? first, IReadOnlyList<string> frontier, IReadOnlyList<TensorType> types, PipelineOptions options)
    {
        _images = images;
        _preprocessor = new ImagePreprocessor(recipe);
        _options = options;
        if (first is not null) _planner = new Planner(first, frontier, options.Limits);
        _sessions = new Session?[options.Workers];
        _kept = new float[]?[images.Count][];
        _bytesPerSample = types.Sum(t => t.ToShape().ElementCount / t[0].Value * sizeof(float));
    }

    public int Count => _images.Count;

    /// <summary>Passes through the frozen part so far.</summary>
    public long Passes => Interlocked.Read(ref _passes);

    private long _passes;

    public int Label(int index) => _images.Items[index].Label;

    public void Read(ReadOnlySpan<SampleView> views, ReadOnlySpan<Tensor> values, CancellationToken cancellationToken)
    {
        var list = views.ToArray();
        var tensors = values.ToArray();
        ImageLoop.Run(list.Length, _options.Workers, "samples", (worker, i) => Write(list[i], i, tensors, worker, cancellationToken), null, cancellationToken);
    }

    public void Dispose()
    {
        foreach (var session in _sessions) session?.Dispose();
        _planner?.Dispose();
    }

    private bool Keeps => _planner is not null && _bytesPerSample * _images.Count <= _options.Limits.MemoryBytes / 4;

    private void Write(SampleView view, int row, Tensor[] values, int worker, CancellationToken cancellationToken)
    {
        if (_kept[view.Index] is { } kept)
        {
            for (int v = 0; v < values.Length; v++) kept[v].AsSpan().CopyTo(Row(values[v], row));
            return;
        }
        using var picture = ImageReader.Read(_images.Items[view.Index].Path, _options.Limits);
        if (_planner is null)
        {
            foreach (var value in values) _preprocessor.Run(picture, Row(value, row));
            return;
        }
        var shape = _preprocessor.OutputShape(new PixelSize(checked((int)picture.Shape[0]), checked((int)picture.Shape[1])));
        using var input = Tensor.Uninitialized(ElementType.Float32, new Shape([1, .. shape.Dims]));
        _preprocessor.Run(picture, input.AsSpan<float>());
        var session = _sessions[worker] ??= _planner.CreateSession(threads: 1);
        // The planner's inputs are those that the wanted values need: the picture, or none where the frontier is the picture itself.
        var results = session.Run(input, cancellationToken);
        Interlocked.Increment(ref _passes);
        for (int v = 0; v < values.Length; v++) results[v].AsSpan<float>().CopyTo(Row(values[v], row));
        if (Keeps) _kept[view.Index] = Array.ConvertAll(results, r => r.AsSpan<float>().ToArray());
        foreach (var result in results) result.Dispose();
    }

    private static Span<float> Row(Tensor value, int row)
    {
        int length = checked((int)(value.ElementCount / value.Shape[0]));
        return value.AsSpan<float>().Slice(row * length, length);
    }
}
