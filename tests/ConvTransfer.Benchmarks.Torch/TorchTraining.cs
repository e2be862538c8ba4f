using System.Diagnostics;
using System.Runtime.InteropServices;
using ConvTransfer.Onnx;
using ConvTransfer.Tests.Common;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ConvTransfer.Benchmarks.Torch;

/// <summary>The task as libtorch trains it: cross-entropy, SGD with momentum, weight decay on weights of rank 2 and more.</summary>
internal sealed class TorchTraining
{
    private readonly TrainingTask _task;
    private readonly TorchNetwork _network;
    private readonly Tensor[] _parameters;
    private readonly optim.Optimizer _optimizer;
    private readonly Tensor _images, _labels;
    private readonly float[] _drawn;

    public TorchTraining(TrainingTask task)
    {
        _task = task;
        _network = new TorchNetwork(OnnxFile.Read(task.Model), task.FrozenUntil, task.IsDouble ? float64 : float32);
        _parameters = [.. _network.Parameters];
        _optimizer = optim.SGD([Group(_parameters.Where(p => p.dim() > 1), TrainingTask.WeightDecay), Group(_parameters.Where(p => p.dim() <= 1), 0)], task.Rate);
        _images = empty([task.Batch, .. _network.ImageShape]);
        _labels = empty([task.Batch], int64);
        _drawn = new float[_images.numel()];
    }

    /// <summary>One step on these samples. Gives the milliseconds and the loss as text.</summary>
    public string Step(int[] samples)
    {
        TrainingTask.Draw(samples, (int)_network.ImageShape[0], _drawn);
        long start = Stopwatch.GetTimestamp();
        double loss = Train([.. samples.Select(s => (long)TrainingTask.Label(s))]);
        return TrainingTask.Invariant($"{Stopwatch.GetElapsedTime(start).TotalMilliseconds:R} {loss:R}");
    }

    /// <summary>Writes the network with the weights as they are now.</summary>
    public void Write(string path) => OnnxFile.Write(_network.ToModel(), path);

    private double Train(long[] labels)
    {
        using var scope = NewDisposeScope();
        _images.bytes = MemoryMarshal.AsBytes(_drawn.AsSpan());
        _labels.bytes = MemoryMarshal.AsBytes(labels.AsSpan());
        var loss = nn.functional.cross_entropy(_network.Forward(_images.to(_network.Type)), _labels);
        // As PyTorch does it by default: new gradients are stored, not added to zeros.
        foreach (var parameter in _parameters) parameter.grad = null;
        loss.backward();
        _optimizer.step();
        return loss.to(float64).item<double>();
    }

    private SGD.ParamGroup Group(IEnumerable<Tensor> parameters, double decay) =>
        new(parameters.Cast<Parameter>(), _task.Rate, TrainingTask.Momentum, dampening: 0, decay, _task.Nesterov);
}
